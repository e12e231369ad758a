/** Tells whether a picture would be other than the one drawn last, by the numbers of what may move in it. */

/** in metres, radians and shares of a colour: nobody sees less */
const UNSEEN = 1e-4;

export class Still {
  #drawn: number[] = [];

  /** Whether what looks like this has to be drawn; it then counts as drawn. */
  changes(look: number[]): boolean {
    if (look.length === this.#drawn.length && look.every((value, at) => Math.abs(value - this.#drawn[at]!) < UNSEEN)) return false;
    this.#drawn = look;
    return true;
  }

  /** Draw what comes next, whatever it is: the picture is gone, or something else is in it. */
  forget(): void {
    this.#drawn = [];
  }
}
