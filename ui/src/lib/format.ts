/** Words and figures as the page writes and reads them. Pure: no clock unless handed in, no DOM. */

const MINUS = "\u2212";
const GAP = "\u00a0"; // keeps a figure and its unit on one line
const MICRO = 1_000_000;

export function grouped(digits: string): string {
  return digits.replace(/\B(?=(\d{3})+$)/g, GAP);
}

/** Micro-credits as credits with two decimals, rounded half away from zero: 12_400_000 → "12.40". */
export function credits(micro: number): string {
  const cents = Math.round(Math.abs(micro) / 10_000);
  const [whole, part] = [Math.floor(cents / 100), cents % 100];
  const sign = micro < 0 && cents > 0 ? MINUS : "";
  return `${sign}${grouped(String(whole))}.${String(part).padStart(2, "0")}`;
}

/** As `credits`, with a plus for what came in: "+12.40". */
export function signedCredits(micro: number): string {
  const text = credits(micro);
  return micro > 0 && text !== "0.00" ? `+${text}` : text;
}

/** The exact amount, for the "what does this mean" popover. */
export function exactMicro(micro: number): string {
  return `${micro < 0 ? MINUS : ""}${grouped(String(Math.abs(micro)))} micro-credits`;
}

/** What a person typed as credits → micro-credits; null if it is no amount with at most six decimals. */
export function parseCredits(typed: string): number | null {
  const found = /^(\d{1,9})(?:[.,](\d{1,6}))?$/.exec(typed.trim());
  if (!found) return null;
  return Number(found[1]) * MICRO + Number((found[2] ?? "").padEnd(6, "0"));
}

/** A score (fraction of the reference driver) in percent, without the sign: .634 → "63.4". */
export function percentFigure(score: number, decimals = 1): string {
  const text = (100 * Math.abs(score)).toFixed(decimals);
  return `${score < 0 && Number(text) !== 0 ? MINUS : ""}${text}`;
}

/** As `percentFigure`, with the sign: "63.4 %". */
export function percent(score: number, decimals = 1): string {
  return `${percentFigure(score, decimals)}${GAP}%`;
}

/** A difference of scores in percentage points: "+3.3", "−0.4". */
export function points(difference: number, decimals = 1): string {
  const text = Math.abs(100 * difference).toFixed(decimals);
  if (Number(text) === 0) return text;
  return `${difference < 0 ? MINUS : "+"}${text}`;
}

/** An attempt's value with about two digits: "+18", "−4.2", "+0.35", "0". */
export function value(amount: number): string {
  const size = Math.abs(amount);
  const text = size.toFixed(size >= 10 ? 0 : size >= 1 ? 1 : 2);
  if (Number(text) === 0) return "0";
  return `${amount < 0 ? MINUS : "+"}${text}`;
}

export function seconds(s: number): string {
  return `${s.toFixed(1)}${GAP}s`;
}

/** Whole seconds as a person counts them: "47 s", "4 min 5 s", "2 h 3 min". */
export function duration(s: number): string {
  const whole = Math.round(s);
  if (whole < 60) return `${whole}${GAP}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}${GAP}min ${whole % 60}${GAP}s`;
  return `${Math.floor(whole / 3600)}${GAP}h ${Math.floor((whole % 3600) / 60)}${GAP}min`;
}

export function tickSeconds(ticks: number, ticksPerS: number): string {
  return seconds(ticks / ticksPerS);
}

export function count(n: number, one: string, many = `${one}s`): string {
  return `${grouped(String(n))} ${n === 1 ? one : many}`;
}

const STEPS: [limit_s: number, unit: Intl.RelativeTimeFormatUnit, size_s: number][] = [
  [60, "second", 1],
  [3600, "minute", 60],
  [86_400, "hour", 3600],
  [30 * 86_400, "day", 86_400],
];

/** "3 minutes ago", against the given now (ms); dates older than a month are written out. */
export function ago(at: string, now_ms: number): string {
  const past_s = (now_ms - Date.parse(at)) / 1000;
  if (past_s < 5 && past_s > -60) return "just now";
  for (const [limit_s, unit, size_s] of STEPS) {
    if (Math.abs(past_s) < limit_s) {
      return new Intl.RelativeTimeFormat("en", { numeric: "auto" }).format(-Math.round(past_s / size_s), unit);
    }
  }
  return day(at);
}

export function day(at: string): string {
  return new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" }).format(new Date(at));
}

export function moment(at: string): string {
  return new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" }).format(new Date(at));
}

export function hour(at: string): string {
  return new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" }).format(new Date(at));
}

/** Content ids and hashes, short enough to read out: "bafkrei…x3qa". */
export function short(id: string, head = 7, tail = 4): string {
  return id.length <= head + tail + 1 ? id : `${id.slice(0, head)}…${id.slice(-tail)}`;
}

/** A number as typed, with either decimal sign; null if it is none. */
export function numberIn(text: string): number | null {
  const plain = text.trim().replace(",", ".").replace("\u2212", "-");
  return /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(plain) ? Number(plain) : null;
}
