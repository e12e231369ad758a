/** Messages of experiments, as `server/lab_messages.py` has them. */

export type Learner = "finetuned" | "supervised" | "inverse-q";
export type LessonState = "queued" | "running" | "done" | "failed" | "cancelled";

export interface Board {
  width: number;
  height: number;
  start_length: number;
  cap: number;
}

export interface ExperimentCreate {
  name: string;
  style: string;
  wanted: number;
  balance: boolean;
  board: Board;
}

export interface GameCreate {
  number: number;
  moves: string;
  score: number;
  over: boolean;
}

export interface NextGame {
  number: number;
  seed: number;
}

export interface GameRow {
  number: number;
  score: number;
  steps: number;
  over: boolean;
  at: string;
}

export interface Estimate {
  mean: number;
  low: number;
  high: number;
}

export interface RecordedGame {
  seed: number;
  moves: string;
  score: number;
}

export interface Played {
  score: Estimate;
  median: number;
  best: number;
  histogram: number[];
  agreement: Estimate;
  game: RecordedGame;
}

export interface CurvePoint {
  step: number;
  value: number;
}

export interface Curve {
  name: string;
  arm: "human" | "control";
  points: CurvePoint[];
}

export interface LessonResult {
  taught: Played;
  control: Played;
  base: Played | null;
  improvement: Estimate;
  seconds: number;
  gradient_steps: number;
}

export interface Lesson {
  id: string;
  learner: Learner;
  state: LessonState;
  progress: number;
  note: string;
  observations: number;
  curves: Curve[];
  result: LessonResult | null;
  created_at: string;
  finished_at: string | null;
}

export interface ExperimentRow {
  id: string;
  name: string;
  style: string;
  observations: number;
  wanted: number;
  games: number;
  best: number;
  created_at: string;
}

export interface Experiments {
  items: ExperimentRow[];
  next_cursor: string | null;
}

export interface Experiment extends ExperimentRow {
  board: Board;
  balance: boolean;
  mean: number;
  next_game: NextGame | null;
  recent: GameRow[];
  lessons: Lesson[];
}

export interface ExperimentImported {
  experiment: Experiment;
  report: string[];
}

export interface LessonsCreate {
  learners: Learner[];
}

export interface Lessons {
  items: Lesson[];
}

export interface BoardRow {
  rank: number;
  experiment: string;
  player: string;
  learner: Learner;
  observations: number;
  score: Estimate;
  improvement: Estimate;
  is_own: boolean;
}

export interface ExperimentBoard {
  items: BoardRow[];
}
