/** Where a path leads. Patterns are matched in order; `:name` takes one segment. */
export interface Route {
  /** file name under src/pages without its ending */
  page: string;
  params: Record<string, string>;
  /** the page takes the whole window: no header, no footer */
  full: boolean;
}

const TABLE: { pattern: string; page: string; full?: boolean }[] = [
  { pattern: "/", page: "Home" },
  { pattern: "/play/:campaign", page: "Play", full: true },
  { pattern: "/watch/:campaign", page: "Watch", full: true },
  { pattern: "/campaigns/new", page: "NewCampaign" },
  { pattern: "/campaigns/:campaign", page: "Campaign" },
  { pattern: "/verdicts/:verdict", page: "Verdict" },
  { pattern: "/attempts/:attempt", page: "Attempt" },
  { pattern: "/experiments", page: "Experiments" },
  { pattern: "/experiments/:experiment", page: "Experiment" },
  { pattern: "/garage", page: "Garage" },
  { pattern: "/garage/new", page: "NewRun" },
  { pattern: "/garage/analysis", page: "Trace" },
  { pattern: "/garage/:run", page: "Run" },
  { pattern: "/garage/:run/analysis", page: "Analysis" },
  { pattern: "/league", page: "League" },
  { pattern: "/league/new", page: "NewRace" },
  { pattern: "/league/:race", page: "Race" },
  { pattern: "/league/:race/drive", page: "DriveRace", full: true },
  { pattern: "/wallet", page: "Wallet" },
  { pattern: "/leaderboard", page: "Leaderboard" },
  { pattern: "/account", page: "Account" },
  { pattern: "/operator", page: "Operator" },
];

function match(pattern: string, path: string): Record<string, string> | null {
  const want = pattern.split("/");
  const have = path.replace(/(.)\/+$/, "$1").split("/");
  if (want.length !== have.length) return null;
  const params: Record<string, string> = {};
  for (const [i, part] of want.entries()) {
    const value = have[i] ?? "";
    if (part.startsWith(":")) {
      if (value === "") return null;
      try {
        params[part.slice(1)] = decodeURIComponent(value);
      } catch {
        return null; // a malformed escape names no page
      }
    } else if (part !== value) return null;
  }
  return params;
}

export function routeOf(path: string): Route {
  for (const { pattern, page, full } of TABLE) {
    const params = match(pattern, path);
    if (params) return { page, params, full: full ?? false };
  }
  return { page: "NotFound", params: {}, full: false };
}
