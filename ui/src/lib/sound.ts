/** Whether this person wants sound (off until asked for), and the one kind of note the page plays. */
const KEY = "manyhands.sound";

export function soundWanted(): boolean {
  try {
    return localStorage.getItem(KEY) === "on";
  } catch {
    return false; // storage refused: silent until asked
  }
}

export function rememberSound(on: boolean): void {
  try {
    localStorage.setItem(KEY, on ? "on" : "off");
  } catch {
    return; // not remembered, but in force for this visit
  }
}

/** A short note that glides from one pitch to another, Hz, and fades within `length_s`. */
export function note(context: AudioContext, from: number, to: number, length_s: number, loud = 0.09): void {
  const now = context.currentTime;
  const tone = new OscillatorNode(context, { type: "sine", frequency: from });
  const gain = new GainNode(context, { gain: 0 });
  if (to !== from) tone.frequency.exponentialRampToValueAtTime(to, now + length_s);
  gain.gain.setValueAtTime(loud, now);
  gain.gain.exponentialRampToValueAtTime(0.0008, now + length_s);
  tone.connect(gain).connect(context.destination);
  tone.start(now);
  tone.stop(now + length_s + 0.01);
}

/** A soft click: the wheel changed hands. */
export function click(context: AudioContext, toHand: boolean): void {
  const pitch = toHand ? 660 : 440;
  note(context, pitch, pitch, 0.09);
}
