/** Call `step` with the milliseconds since the frame before, at most 100, at every frame. Returns the end of it. */
export function everyFrame(step: (passed_ms: number) => void): () => void {
  let before = performance.now();
  let frame = requestAnimationFrame(function next() {
    frame = requestAnimationFrame(next);
    const now = performance.now();
    const passed_ms = Math.min(now - before, 100);
    before = now;
    step(passed_ms);
  });
  return () => cancelAnimationFrame(frame);
}

/** Call `take` with the width and height of an element, now and whenever they change. Returns the end of it. */
export function everySize(element: Element, take: (width: number, height: number) => void): () => void {
  const observer = new ResizeObserver(([entry]) => entry && take(entry.contentRect.width, entry.contentRect.height));
  observer.observe(element);
  return () => observer.disconnect();
}
