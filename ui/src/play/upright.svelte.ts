/** Whether a phone is held upright, which shows too little road, until that was accepted. */
export class Upright {
  held = $state(false);
  accepted = $state(false);

  get waits(): boolean {
    return this.held && !this.accepted;
  }

  /** Follow how the phone is held. Returns the end of it. */
  follow(): () => void {
    const narrow = matchMedia("(orientation: portrait) and (max-width: 640px) and (any-pointer: coarse)");
    const turned = (): boolean => (this.held = narrow.matches);
    narrow.addEventListener("change", turned);
    turned();
    return () => narrow.removeEventListener("change", turned);
  }
}
