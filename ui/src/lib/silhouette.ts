/** A closed centre line as an SVG path that fits a box, so that a road can be shown before anything drives. */
export interface Silhouette {
  path: string;
  viewBox: string;
  /** stroke width in the path's own metres */
  width: number;
}

export function silhouette(centre_m: readonly (readonly [number, number])[], halfWidth_m: number): Silhouette {
  const xs = centre_m.map(([x]) => x);
  const ys = centre_m.map(([, y]) => -y); // the world's y points up, the page's down
  const pad = 3 * halfWidth_m;
  const [left, top] = [Math.min(...xs) - pad, Math.min(...ys) - pad];
  const [wide, high] = [Math.max(...xs) + pad - left, Math.max(...ys) + pad - top];
  const points = xs.map((x, i) => `${x.toFixed(2)} ${(ys[i] ?? 0).toFixed(2)}`);
  return {
    path: `M${points.join("L")}Z`,
    viewBox: [left, top, wide, high].map((edge) => edge.toFixed(2)).join(" "),
    width: 2 * halfWidth_m,
  };
}
