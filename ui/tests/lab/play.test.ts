import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Problem } from "../../src/lib/problem";
import type { Experiment, GameCreate } from "../../src/lab/wire";
import { SnakeGame } from "../../src/sim/snake";
import { DOWN, LEFT, RIGHT, UP } from "../../src/snake/hands";
import { turnsOf } from "../../src/snake/replay";
import { stubStorage } from "../storage";

const recordGame = vi.fn<(experiment: string, game: GameCreate, options?: object) => Promise<Experiment>>();
const read = vi.fn<(experiment: string) => Promise<Experiment>>();
vi.mock("../../src/lib/api", () => ({ api: { recordGame, experiment: read } }));
const { Play } = await import("../../src/lab/play.svelte");
const { games } = await import("../../src/lab/outbox");

function experiment(more: Partial<Experiment> = {}): Experiment {
  return {
    id: "exp_1",
    name: "Walls",
    style: "",
    observations: 0,
    wanted: 500,
    games: 0,
    best: 0,
    created_at: "2026-01-01T00:00:00Z",
    board: { width: 32, height: 24, start_length: 3, cap: 100 },
    balance: true,
    score: null,
    game: null,
    takeovers: false,
    next_game: { number: 1, seed: 11, lead: "", most: null },
    recent: [],
    lessons: [],
    ...more,
  };
}

const second = experiment({ observations: 16, games: 1, next_game: { number: 2, seed: 12, lead: "", most: null } });

describe("playing an experiment", () => {
  const watcher = { onMove: vi.fn(), onEat: vi.fn(), onEnd: vi.fn(), onRun: vi.fn(), onStored: vi.fn() };
  const make = (more: Partial<Experiment> = {}): InstanceType<typeof Play> => new Play(experiment(more), watcher);

  beforeEach(() => {
    vi.useFakeTimers();
    stubStorage();
    for (const one of [recordGame, read, ...Object.values(watcher)]) one.mockReset();
    recordGame.mockResolvedValue(second);
  });

  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  function run(play: InstanceType<typeof Play>, most = 1000): void {
    for (let at = 0; at < most && play.phase === "playing"; at += 1) play.tick();
  }

  it("begins with the first press, which is its first move", () => {
    const play = make();
    play.tick();
    expect(play.steps).toBe(0);
    play.press(DOWN);
    expect([play.phase, watcher.onRun.mock.calls]).toEqual(["playing", [[true]]]);
    play.tick();
    expect([play.steps, play.game.heading]).toEqual([1, DOWN]);
  });

  it("hands in what the snake executed, turn by turn, and the replay ends the same", async () => {
    const play = make();
    play.press(LEFT); // the reverse: straight on
    play.tick();
    play.press(UP);
    play.tick();
    play.press(LEFT);
    play.press(DOWN);
    run(play);
    await vi.advanceTimersByTimeAsync(600);
    const [id, game] = recordGame.mock.calls[0]!;
    expect(id).toBe("exp_1");
    expect(game).toMatchObject({ number: 1, over: true });
    expect(game.moves.slice(0, 4)).toBe("SLLL");
    const again = new SnakeGame(play.board, 11);
    for (const letter of game.moves) again.move(letter === "S" ? 0 : letter === "R" ? 1 : -1);
    expect([again.ended !== "", again.eaten]).toEqual([true, game.score]);
    expect(games.kept()).toEqual([]);
    expect(watcher.onStored).toHaveBeenCalledWith(second);
  });

  it("rests half a second after a death, then a key begins the next game", async () => {
    const play = make();
    play.press(RIGHT);
    run(play);
    expect(play.phase).toBe("over");
    await vi.advanceTimersByTimeAsync(400);
    play.press(UP);
    expect(play.phase).toBe("over");
    await vi.advanceTimersByTimeAsync(200);
    play.press(UP);
    expect([play.phase, play.steps, play.recorded, play.game.seed]).toEqual(["playing", 0, 16, 12]);
    play.tick();
    expect(play.game.heading).toBe(UP);
  });

  it("stops as soon as enough is recorded, though the snake lives", async () => {
    recordGame.mockResolvedValue(experiment({ observations: 500, next_game: null }));
    const play = make({ observations: 495 });
    play.press(UP);
    run(play);
    await vi.advanceTimersByTimeAsync(600);
    expect(recordGame.mock.calls[0]?.[1]).toEqual({ number: 1, moves: "LSSSS", score: play.score, over: false });
    expect(play.phase).toBe("done");
    play.press(UP);
    expect(play.phase).toBe("done");
  });

  it("keeps a game while the server is away and sends it later", async () => {
    recordGame.mockRejectedValueOnce(new Problem(0, "away", "away", "offline"));
    const play = make();
    play.press(RIGHT);
    run(play);
    await vi.advanceTimersByTimeAsync(600);
    expect([play.phase, play.problem?.offline, games.kept().length]).toEqual(["sending", true, 1]);
    await vi.advanceTimersByTimeAsync(4000);
    expect([play.phase, play.problem, games.kept().length]).toEqual(["over", null, 0]);
  });

  it("says why a game was refused and goes on with the one that is due", async () => {
    recordGame.mockRejectedValue(new Problem(409, "no", "Game 1 is recorded already.", "conflict"));
    read.mockResolvedValue(second);
    const play = make();
    play.press(RIGHT);
    run(play);
    await vi.advanceTimersByTimeAsync(600);
    expect(play.problem?.detail).toBe("Game 1 is recorded already.");
    play.press(UP);
    expect([play.phase, play.game.seed, play.problem]).toEqual(["playing", 12, null]);
  });

  it("hands in on leaving, in a request that outlives the page, and keeps it until the answer", async () => {
    const play = make();
    play.press(RIGHT);
    play.tick();
    play.leave();
    expect(recordGame).toHaveBeenCalledWith("exp_1", { number: 1, moves: "S", score: 0, over: false }, { keepalive: true });
    expect(games.kept().length).toBe(1);
    await vi.advanceTimersByTimeAsync(0);
    expect(games.kept()).toEqual([]);
    play.leave();
    expect(recordGame).toHaveBeenCalledTimes(1);
  });

  it("goes on after the browser brings the page back", async () => {
    const play = make();
    play.press(RIGHT);
    play.tick();
    recordGame.mockRejectedValueOnce(new TypeError("gone"));
    play.leave();
    await vi.advanceTimersByTimeAsync(0);
    expect(games.kept().length).toBe(1);
    await play.back();
    expect([play.phase, play.game.seed, games.kept().length]).toEqual(["ready", 12, 0]);
  });

  it("keeps what is played while out of sight, and drops it when it goes on", () => {
    const play = make();
    play.press(RIGHT);
    play.tick();
    play.hide();
    expect([play.phase, games.kept().length]).toEqual(["paused", 1]);
    play.show();
    expect(games.kept()).toEqual([]);
    play.press(UP);
    play.tick();
    expect([play.phase, play.steps]).toEqual(["playing", 2]);
  });

  it("takes over where the agent came to, and lays the next position before anybody has to play in it", async () => {
    const lead = "SSRSSSRS";
    const begun = { number: 1, seed: 11, lead, most: 3 };
    recordGame.mockResolvedValue(experiment({ takeovers: true, observations: 3, games: 1, next_game: { ...begun, number: 2, lead: "SL" } }));
    const play = make({ takeovers: true, next_game: begun });
    const alone = new SnakeGame(play.board, 11);
    for (const turn of turnsOf(lead)) alone.move(turn as -1 | 0 | 1);
    expect([play.phase, play.steps, play.game.head, play.game.heading]).toEqual(["ready", 0, alone.head, LEFT]);
    play.press(UP);
    run(play);
    expect([play.phase, play.steps, play.game.ended]).toEqual(["over", 3, ""]);
    await vi.advanceTimersByTimeAsync(600);
    expect(recordGame.mock.calls[0]?.[1]).toEqual({ number: 1, moves: "RSS", score: play.score, over: false });
    expect([play.phase, play.number, play.game.heading]).toEqual(["ready", 1, UP]);
    play.press(LEFT);
    expect([play.phase, play.number, play.steps]).toEqual(["playing", 2, 0]);
  });

  it("has nothing to hand in before the first move", () => {
    const play = make();
    play.leave();
    play.press(RIGHT);
    play.leave();
    play.close();
    expect(recordGame).not.toHaveBeenCalled();
  });
});
