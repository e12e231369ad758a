/** Messages of the garage, by the names that its pages use. */
import type { Wire } from "../lib/api";

export type GarageOptions = Wire<"GarageOptions">;
export type RewardCheck = Wire<"RewardCheck">;
export type RewardFault = Wire<"RewardFault">;
export type TriedFault = Wire<"TriedFault">;
export type RunCreate = Wire<"RunCreate">;
export type RunOrder = Wire<"RunOrder">;
export type RunRow = Wire<"RunRow">;
export type Runs = Wire<"Runs">;
export type Run = Wire<"Run">;
export type Network = RunCreate["network"];
export type Algorithm = RunCreate["algorithm"];
export type AlgorithmOptions = Wire<"AlgorithmOptions">;
export type Iteration = Wire<"Iteration">;
export type Race = Wire<"Race">;
export type TrackSummary = Wire<"TrackSummary">;
export type Track = Wire<"Track">;
export type TraceAnalysis = Wire<"TraceAnalysis">;
export type TraceGroup = Wire<"TraceGroup">;
export type TraceWay = Wire<"TraceWay">;
export type RacingLine = Wire<"RacingLine">;
export type State = RunRow["state"];
export type Which = "best" | "latest";
