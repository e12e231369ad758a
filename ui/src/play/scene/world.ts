/** One road with cars on it, drawn into a canvas from one or two chase cameras. */
import { Color, DirectionalLight, Fog, HemisphereLight, Mesh, MeshBasicMaterial, MeshLambertMaterial, Scene, Sprite, WebGLRenderer } from "three";
import type { State } from "../../sim/rules";
import type { Track } from "../../sim/track";
import { Car } from "./car";
import { Chase } from "./chase";
import { readPalette, type Palette } from "./palette";
import { boxGeometry, patchGeometry, shadowGeometry, treeGeometry } from "./props";
import { groundGeometry, roadGeometry } from "./road";
import { Still } from "./still";

const SLOW_MS = 30;
const FAST_MS = 18.5;
const JUDGED_MS = 1500;
const BLURREST = 0.45;

export class World {
  readonly #renderer: WebGLRenderer;
  #palette: Palette = readPalette();
  #scene = new Scene();
  #views: Chase[] = [];
  #cars: Car[] = [];
  #still = new Still();
  #size = { width: 1, height: 1 };
  /** pixels drawn per page pixel, lowered while the display cannot keep up */
  #sharpness = Math.min(devicePixelRatio, 2);
  #sharpest = this.#sharpness;
  #paced_ms = 0;
  #pace = 16;

  /** Throws Error when the browser offers no WebGL. */
  constructor(readonly canvas: HTMLCanvasElement) {
    this.#renderer = new WebGLRenderer({ canvas, antialias: true, powerPreference: "high-performance" });
    canvas.addEventListener("webglcontextrestored", () => this.#still.forget());
  }

  /** Lay out a road with the boxes and wet patches of a start, in the colours of the theme in force. */
  lay(track: Track, { boxes, patches, half }: Pick<State, "boxes" | "patches" | "half">): void {
    this.#clear();
    this.#palette = readPalette();
    const { sky, light, ground, wet, shade } = this.#palette;
    this.#scene.background = sky;
    this.#scene.fog = new Fog(sky, 4.5, 13);
    const sun = new DirectionalLight(light, 2.1);
    sun.position.set(-3, 5, 2);
    // At night the sky gives little, so that more of it keeps the road readable.
    const night = 1 - sky.getHSL({ h: 0, s: 0, l: 0 }).l;
    this.#scene.add(sun, new HemisphereLight(sky.clone().lerp(new Color(1, 1, 1), 0.4), ground, 1.4 + 1.9 * night));
    const solid = new MeshLambertMaterial({ vertexColors: true, flatShading: true });
    for (const build of [groundGeometry, roadGeometry, treeGeometry]) this.#scene.add(new Mesh(build(track, this.#palette), solid));
    this.#scene.add(new Mesh(boxGeometry(boxes, this.#palette, half), solid));
    const film = new MeshBasicMaterial({ vertexColors: true, transparent: true, opacity: 0.5 });
    this.#scene.add(new Mesh(patchGeometry(track, patches, wet), film));
    const soft = new MeshBasicMaterial({ vertexColors: true, transparent: true, depthWrite: false });
    const shadow = shadowGeometry(shade, 0.26, 0.26);
    for (let i = 0; i < boxes.length; i += 4) {
      const mesh = new Mesh(shadow, soft);
      mesh.position.set(boxes[i]!, 0.01, -boxes[i + 1]!);
      this.#scene.add(mesh);
    }
  }

  #clear(): void {
    this.#scene.traverse((object) => {
      if (object instanceof Sprite) {
        object.material.map?.dispose();
        object.material.dispose();
      }
      if (!(object instanceof Mesh)) return;
      const { geometry, material } = object as Mesh;
      geometry.dispose();
      for (const one of Array.isArray(material) ? material : [material]) one.dispose();
    });
    this.#scene.clear();
    this.#cars = [];
    this.#still.forget();
  }

  addCar(ghost = false, name = ""): Car {
    const car = new Car(this.#palette, ghost, name);
    this.#scene.add(car.group);
    this.#cars.push(car);
    return car;
  }

  /** One camera, or two side by side. */
  watch(count: number): Chase[] {
    this.#views = Array.from({ length: count }, () => new Chase());
    this.#aspect();
    return this.#views;
  }

  resize(width: number, height: number): void {
    this.#size = { width: Math.max(1, width), height: Math.max(1, height) };
    this.#renderer.setPixelRatio(this.#sharpness);
    this.#renderer.setSize(this.#size.width, this.#size.height, false);
    this.#still.forget();
    this.#aspect();
  }

  /** Two views stand side by side on a wide screen and above each other on a narrow one. */
  #rectangles(): [x: number, y: number, width: number, height: number][] {
    const { width, height } = this.#size;
    if (this.#views.length < 2) return [[0, 0, width, height]];
    return width >= height ? [[0, 0, width / 2, height], [width / 2, 0, width / 2, height]] : [[0, height / 2, width, height / 2], [0, 0, width, height / 2]];
  }

  #aspect(): void {
    const rectangles = this.#rectangles();
    this.#views.forEach(({ camera }, view) => {
      const [, , width, height] = rectangles[view]!;
      camera.aspect = width / height;
      // A narrow view keeps the road's width in sight.
      camera.fov = camera.aspect < 0.9 ? 72 : 52;
      camera.updateProjectionMatrix();
    });
  }

  /** What moves, view by view. */
  #look(show?: (view: number) => void): number[] {
    return this.#views.flatMap(({ camera }, view) => {
      show?.(view);
      return [...camera.position, ...camera.quaternion, ...this.#cars.flatMap((car) => car.look())];
    });
  }

  /**
   * Draw, unless the picture would be what it is already: who reads a card is to have the processor to himself.
   * `show` is told before each view is drawn, so that a car can be hidden from one of them.
   */
  render(passed_ms: number, show?: (view: number) => void): void {
    if (!this.#still.changes(this.#look(show))) return;
    this.#adapt(passed_ms);
    const rectangles = this.#rectangles();
    this.#renderer.setScissorTest(this.#views.length > 1);
    this.#views.forEach(({ camera }, view) => {
      const [x, y, width, height] = rectangles[view]!;
      this.#renderer.setViewport(x, y, width, height);
      this.#renderer.setScissor(x, y, width, height);
      show?.(view);
      this.#renderer.render(this.#scene, camera);
    });
  }

  /** Trade sharpness for frames where the graphics are slow; what was too slow once is not tried again. */
  #adapt(passed_ms: number): void {
    this.#pace += (passed_ms - this.#pace) * 0.05;
    this.#paced_ms += passed_ms;
    if (this.#paced_ms < JUDGED_MS) return;
    this.#paced_ms = 0;
    const slow = this.#pace > SLOW_MS;
    if (slow) this.#sharpest = Math.max(BLURREST, this.#sharpness * 0.9);
    const wanted = slow ? this.#sharpness * 0.7 : this.#pace < FAST_MS ? this.#sharpness * 1.25 : this.#sharpness;
    const bounded = Math.min(this.#sharpest, Math.max(BLURREST, wanted));
    if (Math.abs(bounded - this.#sharpness) < 0.02) return;
    this.#sharpness = bounded;
    this.resize(this.#size.width, this.#size.height);
  }

  dispose(): void {
    this.#clear();
    this.#renderer.dispose();
  }
}
