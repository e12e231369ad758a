/** Messages of experiments, by the names that their pages use. */
import type { Wire } from "../lib/api";

export type Board = Wire<"Board">;
export type ExperimentCreate = Wire<"ExperimentCreate">;
export type GameCreate = Wire<"GameCreate">;
export type NextGame = Wire<"NextGame">;
export type GameRow = Wire<"GameRow">;
export type Estimate = Wire<"Estimate">;
export type RecordedGame = Wire<"RecordedGame">;
export type Played = Wire<"Played">;
export type CurvePoint = Wire<"CurvePoint">;
export type Curve = Wire<"Curve">;
export type LessonResult = Wire<"LessonResult">;
export type Lesson = Wire<"Lesson">;
export type ExperimentRow = Wire<"ExperimentRow">;
export type Experiments = Wire<"Experiments">;
export type Experiment = Wire<"Experiment">;
export type ExperimentImported = Wire<"ExperimentImported">;
export type LessonsCreate = Wire<"LessonsCreate">;
export type Lessons = Wire<"Lessons">;
export type BoardRow = Wire<"BoardRow">;
export type ExperimentBoard = Wire<"ExperimentBoard">;
export type Learner = Lesson["learner"];
export type LessonState = Lesson["state"];
