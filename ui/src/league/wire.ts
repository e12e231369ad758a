/** Messages of the league, by the names that its pages use. */
import type { Wire } from "../lib/api";

export type RaceRow = Wire<"RaceRow">;
export type Race = Wire<"RaceDetail">;
export type RaceCreate = Wire<"RaceCreate">;
export type Standing = Wire<"Standing">;
export type Entry = Wire<"Entry">;
export type EntryCreate = Wire<"EntryCreate">;
export type EntryPath = Wire<"EntryPath">;
export type Final = Wire<"Final">;
export type FinalReplay = Wire<"FinalReplay">;
export type Run = Wire<"RunRow">;
