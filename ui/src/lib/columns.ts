import type { Wire } from "./api";
import type { EnvironmentWords } from "./environments";
import { credits, signedCredits, value } from "./format";
import type { Column } from "./table";

type Player = Wire<"CampaignPlayer">;

/** A player's row, in a campaign or, without `words`, over all of them. */
export const playerColumns = (words: EnvironmentWords | null): Column<Player>[] => [
  { key: "name", label: "Player", value: (row) => row.name },
  { key: "attempts", label: "Attempts", number: true, means: "Attempts handed in", value: (row) => row.attempts },
  {
    key: "contributions",
    label: "With hands",
    number: true,
    means: "Verified attempts in which the player took the wheel at least once",
    value: (row) => row.contributions,
  },
  {
    key: "value",
    label: words === null ? "Value" : `Value, ${words.unit}`,
    number: true,
    means: words === null ? "Progress gained over the models alone, summed: metres of road, foods of Snake" : `${words.valueMeans}, summed`,
    value: (row) => row.value,
    text: (row) => value(row.value),
  },
  { key: "paid", label: "Paid, cr", number: true, means: "Credits earned", value: (row) => row.paid_micro, text: (row) => credits(row.paid_micro) },
  {
    key: "charged",
    label: "Charged, cr",
    number: true,
    means: "Credits taken from stakes",
    value: (row) => row.charged_micro,
    text: (row) => credits(row.charged_micro),
  },
  {
    key: "net",
    label: "Net, cr",
    number: true,
    means: "Paid less charged",
    value: (row) => row.net_micro,
    text: (row) => signedCredits(row.net_micro),
  },
];
