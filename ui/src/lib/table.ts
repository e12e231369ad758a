/** What a table shows and how it sorts, filters and leaves as CSV. Pure. */

export interface Column<Row> {
  key: string;
  label: string;
  /** what the figure means, shown when the heading is asked */
  means?: string;
  number?: boolean;
  /** sorted and copied by this; exact, not rounded */
  value: (row: Row) => string | number | null;
  text?: (row: Row) => string;
  href?: (row: Row) => string | null;
}

export interface Order {
  key: string;
  down: boolean;
}

export function sorted<Row>(rows: readonly Row[], columns: readonly Column<Row>[], order: Order | null): Row[] {
  const column = columns.find(({ key }) => key === order?.key);
  if (!column || !order) return [...rows];
  const sign = order.down ? -1 : 1;
  return [...rows].sort((a, b) => {
    const [left, right] = [column.value(a), column.value(b)];
    if (left === right) return 0;
    if (left === null) return 1; // what is missing stands last in either direction
    if (right === null) return -1;
    if (typeof left === "number" && typeof right === "number") return sign * (left - right);
    return sign * String(left).localeCompare(String(right), "en", { numeric: true });
  });
}

export function shownText<Row>(column: Column<Row>, row: Row): string {
  return column.text ? column.text(row) : String(column.value(row) ?? "");
}

export function filtered<Row>(rows: readonly Row[], columns: readonly Column<Row>[], wanted: string): Row[] {
  const words = wanted.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [...rows];
  return rows.filter((row) => {
    const all = columns.map((column) => shownText(column, row)).join(" ").toLowerCase();
    return words.every((word) => all.includes(word));
  });
}

/** A cell for a spreadsheet: quoted where needed, and never begun with a sign a spreadsheet would run. */
function cell(value: string | number | null): string {
  if (typeof value === "number") return String(value);
  const text = value ?? "";
  const inert = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\n\r]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
}

export function csv<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string {
  const lines = rows.map((row) => columns.map((column) => cell(column.value(row))).join(","));
  return [columns.map((column) => cell(column.label)).join(","), ...lines, ""].join("\r\n");
}
