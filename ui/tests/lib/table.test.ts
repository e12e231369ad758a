import { expect, test } from "vitest";
import { csv, filtered, sorted, type Column } from "../../src/lib/table";

interface Row {
  name: string;
  net: number | null;
}
const columns: Column<Row>[] = [
  { key: "name", label: "Player", value: (row) => row.name },
  { key: "net", label: "Net, cr", number: true, value: (row) => row.net, text: (row) => `${row.net ?? "–"} cr` },
];
const rows: Row[] = [
  { name: "Wren 10", net: 2 },
  { name: "Wren 9", net: null },
  { name: 'Hare, "Early"', net: -1 },
];

test("sorts by figures and by names with numbers; what is missing stands last either way", () => {
  const names = (key: string, down: boolean): string[] => sorted(rows, columns, { key, down }).map((row) => row.name);
  expect(names("net", true)).toEqual(["Wren 10", 'Hare, "Early"', "Wren 9"]);
  expect(names("net", false)).toEqual(['Hare, "Early"', "Wren 10", "Wren 9"]);
  expect(names("name", false)).toEqual(['Hare, "Early"', "Wren 9", "Wren 10"]);
  expect(sorted(rows, columns, null)).toEqual(rows);
});

test("filters by every word in what is shown", () => {
  expect(filtered(rows, columns, "wren 2 cr")).toEqual([rows[0]]);
  expect(filtered(rows, columns, "  ")).toHaveLength(3);
});

test("copies as CSV that no spreadsheet runs", () => {
  const text = csv([...rows, { name: "=HYPERLINK(1)", net: 0 }], columns);
  expect(text.split("\r\n")).toEqual(['Player,"Net, cr"', "Wren 10,2", "Wren 9,", '"Hare, ""Early""",-1', "'=HYPERLINK(1),0", ""]);
});
