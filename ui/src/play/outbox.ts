/** Attempts that could not be sent: kept in this browser and sent when the server can be reached again. */
import { api, type Wire } from "../lib/api";
import { asProblem } from "../lib/problem";

const KEY = "manyhands.outbox";
const MOST = 20;

interface Kept {
  assignment: string;
  body: Wire<"AttemptCreate">;
}

export function kept(): Kept[] {
  try {
    const parsed: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(parsed) ? (parsed as Kept[]) : [];
  } catch {
    return []; // unreadable or refused storage holds nothing that could be sent
  }
}

function store(list: Kept[]): void {
  try {
    if (list.length) localStorage.setItem(KEY, JSON.stringify(list.slice(-MOST)));
    else localStorage.removeItem(KEY);
  } catch {
    return; // a browser without storage can only send at once
  }
}

export function keep(assignment: string, body: Wire<"AttemptCreate">): void {
  store([...kept().filter((one) => one.assignment !== assignment), { assignment, body }]);
}

/** Send everything kept; what the server refuses for good is dropped. Returns attempt ids by assignment. */
export async function flush(): Promise<Map<string, string>> {
  const sent = new Map<string, string>();
  for (const one of kept()) {
    try {
      sent.set(one.assignment, (await api.submit(one.assignment, one.body)).attempt_id);
    } catch (error) {
      const problem = asProblem(error);
      if (problem.offline || problem.status >= 500 || problem.status === 429) break;
    }
    store(kept().filter((other) => other.assignment !== one.assignment));
  }
  return sent;
}
