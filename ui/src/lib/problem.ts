/** What the server (or the way to it) said no with: RFC 9457, plus the field and the remedy. */
export class Problem extends Error {
  override readonly name = "Problem";
  constructor(
    /** HTTP status; 0 when the server could not be reached */
    readonly status: number,
    readonly title: string,
    readonly detail: string,
    /** short name to quote, e.g. `not-enough-credits` */
    readonly code: string,
    readonly remedy: string | null = null,
    readonly field: string | null = null,
    /** seconds until it is worth trying again */
    readonly retryAfter_s: number | null = null,
  ) {
    super(detail || title);
  }

  get offline(): boolean {
    return this.status === 0;
  }
}

function offlineProblem(): Problem {
  return new Problem(
    0,
    "The server cannot be reached.",
    "The server cannot be reached.",
    "offline",
    "Check the connection; the page tries again by itself.",
  );
}

/** What a page says where nothing can be drawn. */
export function noGraphicsProblem(): Problem {
  return new Problem(
    -1,
    "No graphics.",
    "This browser cannot draw the road, for it offers no WebGL.",
    "no-webgl",
    "Switch on hardware acceleration, or open the page in another browser.",
  );
}

const text = (value: unknown): string | null => (typeof value === "string" && value !== "" ? value : null);

/** Read a failed response; a body that is no problem+json still gives a sentence and a code. */
export async function problemOf(response: Response): Promise<Problem> {
  let body: Record<string, unknown> = {};
  if (response.headers.get("content-type")?.includes("json")) {
    const parsed: unknown = await response.json().catch(() => null);
    if (parsed !== null && typeof parsed === "object") body = parsed as Record<string, unknown>;
  }
  const title = text(body.title) ?? `The server answered ${response.status}.`;
  const type = text(body.type);
  const after = Number(response.headers.get("retry-after") ?? body.retry_after_s ?? Number.NaN);
  return new Problem(
    response.status,
    title,
    text(body.detail) ?? title,
    text(body.code) ?? type?.split(/[/:#]/).pop() ?? `http-${response.status}`,
    text(body.remedy),
    text(body.field),
    Number.isFinite(after) ? after : null,
  );
}

export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof TypeError) return offlineProblem(); // what fetch throws when nothing answers
  const message = error instanceof Error ? error.message : String(error);
  return new Problem(-1, "The page made a mistake.", message, "page-error", "Reload the page.");
}
