export type Theme = "system" | "light" | "dark";
const KEY = "manyhands.theme";

function stored(): Theme {
  try {
    const value = localStorage.getItem(KEY);
    return value === "light" || value === "dark" ? value : "system";
  } catch {
    return "system"; // storage refused: the system's preference decides
  }
}

class ThemeChoice {
  choice: Theme = $state(stored());
  /** counts every change of the colours in force, so that canvases know when to redraw */
  revision = $state(0);

  constructor() {
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.revision++);
  }

  set(choice: Theme): void {
    this.choice = choice;
    if (choice === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = choice;
    this.revision++;
    try {
      if (choice === "system") localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, choice);
    } catch {
      return; // not remembered, but in force for this visit
    }
  }
}

export const theme = new ThemeChoice();

/** The colour of a role (`accent`, `scene-road`) in the theme in force, as the browser computes it: "rgb(…)". */
export function colour(role: string): string {
  const probe = document.createElement("span");
  probe.style.color = `var(--${role})`;
  document.body.append(probe);
  const computed = getComputedStyle(probe).color;
  probe.remove();
  return computed;
}

export function calmMotion(): boolean {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}
