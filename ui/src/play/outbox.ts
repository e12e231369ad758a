/** Attempts that could not be sent. */
import { api, type Wire } from "../lib/api";
import { Outbox } from "../lib/outbox";

export const attempts = new Outbox<Wire<"AttemptCreate">, Wire<"AttemptAccepted">>("manyhands.outbox", (assignment, body) =>
  api.submit(assignment, body),
);
