/** The car: a small wedge with a trim that tells who drives. Ghosts are the same car, translucent. */
import { Color, Group, Mesh, MeshBasicMaterial, MeshLambertMaterial, type Sprite } from "three";
import type { Pose } from "../drive";
import { label } from "./label";
import { Triangles } from "./mesh";
import type { Palette } from "./palette";
import { shadowGeometry } from "./props";

const [HALF_LONG, HALF_WIDE] = [0.15, 0.085];
const GLASS = 0.42;
const WHEEL = { radius: 0.034, half: 0.016, ahead: 0.092, aside: 0.082 };

export type Trim = "model" | "hand";

export class Car {
  readonly group = new Group();
  readonly #body = new Group();
  readonly #trim: MeshLambertMaterial;
  readonly #paint: MeshLambertMaterial;
  #label: Sprite | null = null;
  readonly #front: Mesh[] = [];
  readonly #wheels: Mesh[] = [];
  readonly #colours: Record<Trim, Color>;
  #rolled_m = 0;
  #lean = 0;

  constructor(palette: Palette, readonly ghost = false, name = "") {
    this.#colours = { model: palette.model, hand: palette.hand };
    const glass = ghost ? { transparent: true, opacity: GLASS, depthWrite: false } : {};
    const paint = new MeshLambertMaterial({ vertexColors: true, flatShading: true, ...glass });
    this.#paint = paint;
    if (name !== "") {
      this.#label = label(name, palette);
      this.group.add(this.#label);
    }
    this.#trim = new MeshLambertMaterial({ color: palette.model, emissive: palette.model, emissiveIntensity: 0.35, flatShading: true, ...glass });
    this.#body.add(new Mesh(bodyGeometry(palette, ghost ? palette.model : palette.car), paint), new Mesh(trimGeometry(), this.#trim));
    const wheel = wheelGeometry(palette);
    for (const [ahead, aside] of [[1, 1], [1, -1], [-1, 1], [-1, -1]] as const) {
      const mesh = new Mesh(wheel, paint);
      mesh.position.set(ahead * WHEEL.ahead, WHEEL.radius, -aside * WHEEL.aside);
      mesh.rotation.order = "YZX";
      this.#wheels.push(mesh);
      if (ahead > 0) this.#front.push(mesh);
      this.group.add(mesh);
    }
    this.group.add(this.#body);
    if (!ghost) {
      const shade = new MeshBasicMaterial({ vertexColors: true, transparent: true, depthWrite: false });
      const shadow = new Mesh(shadowGeometry(palette.shade, 0.24, 0.16), shade);
      shadow.position.y = 0.011;
      this.group.add(shadow);
    }
  }

  /** Blend the trim towards who drives; `share` 1 sets it within the frame. */
  tint(trim: Trim, share: number): void {
    this.#trim.color.lerp(this.#colours[trim], share);
    this.#trim.emissive.copy(this.#trim.color);
  }

  /** Show the car translucent, or solid again. */
  fade(on: boolean): void {
    for (const material of [this.#paint, this.#trim]) {
      if (material.transparent === on) continue;
      Object.assign(material, { transparent: on, opacity: on ? GLASS : 1, depthWrite: !on, needsUpdate: true });
    }
  }

  /** Show its name above it, or not. */
  tell(on: boolean): void {
    if (this.#label) this.#label.visible = on;
  }

  /** All by which it may look different from one frame to the next. */
  look(): number[] {
    const { visible, position, rotation } = this.group;
    const { r, g, b } = this.#trim.color;
    const told = this.#label?.visible ?? false;
    return [+visible, position.x, position.z, rotation.y, this.#body.rotation.x, this.#front[0]!.rotation.y, this.#rolled_m / WHEEL.radius, r, g, b, this.#paint.opacity, +told];
  }

  place(pose: Pose, passed_ms: number): void {
    this.group.position.set(pose.x, 0, -pose.y);
    this.group.rotation.y = Math.atan2(pose.s, pose.c);
    for (const wheel of this.#front) wheel.rotation.y = Math.atan(pose.steer);
    this.#rolled_m += (pose.v * passed_ms) / 1000;
    for (const wheel of this.#wheels) wheel.rotation.z = -this.#rolled_m / WHEEL.radius;
    const lean = Math.max(-0.07, Math.min(0.07, 0.03 * pose.v * pose.steer * pose.v * 0.4));
    this.#lean += (lean - this.#lean) * Math.min(1, passed_ms / 90);
    this.#body.rotation.x = this.#lean;
  }
}

function bodyGeometry(palette: Palette, paint: Color): ReturnType<Triangles["geometry"]> {
  const triangles = new Triangles();
  const dark = paint.clone().lerp(palette.glass, 0.18);
  triangles.block([-HALF_LONG, 0.03, -HALF_WIDE], [HALF_LONG, 0.075, HALF_WIDE], dark, paint, [0.012, 0.008]);
  triangles.block([-0.1, 0.075, -0.066], [0.055, 0.125, 0.066], palette.glass, paint, [0.04, 0.016]);
  triangles.block([-HALF_LONG - 0.004, 0.022, -HALF_WIDE + 0.006], [HALF_LONG + 0.006, 0.03, HALF_WIDE - 0.006], palette.glass, palette.glass);
  return triangles.geometry();
}

/** Wing, side stripes and a stripe over the nose: seen from behind and from above. */
function trimGeometry(): ReturnType<Triangles["geometry"]> {
  const triangles = new Triangles();
  const white = new Color(1, 1, 1);
  triangles.block([-HALF_LONG - 0.012, 0.108, -HALF_WIDE], [-HALF_LONG + 0.03, 0.118, HALF_WIDE], white, white);
  for (const side of [-1, 1]) {
    triangles.block([-HALF_LONG, 0.07, side * 0.06 - 0.006], [-HALF_LONG + 0.018, 0.11, side * 0.06 + 0.006], white, white);
    triangles.block([-0.12, 0.042, side * 0.084 - 0.004], [0.12, 0.058, side * 0.084 + 0.004], white, white);
  }
  triangles.block([-HALF_LONG - 0.003, 0.046, -0.07], [-HALF_LONG + 0.004, 0.062, 0.07], white, white);
  triangles.block([0.05, 0.0745, -0.022], [HALF_LONG - 0.014, 0.0775, 0.022], white, white);
  triangles.block([-0.058, 0.124, -0.022], [0.014, 0.1275, 0.022], white, white);
  return triangles.geometry();
}

function wheelGeometry(palette: Palette): ReturnType<Triangles["geometry"]> {
  const triangles = new Triangles();
  const { radius, half } = WHEEL;
  const sides = 9;
  const rim = (side: number, z: number, share = 1): [number, number, number] => {
    const angle = (2 * Math.PI * side) / sides;
    return [share * radius * Math.cos(angle), share * radius * Math.sin(angle), z];
  };
  for (let side = 0; side < sides; side++) {
    triangles.quad(rim(side, half), rim(side, -half), rim(side + 1, -half), rim(side + 1, half), palette.tyre);
    for (const z of [half, -half]) {
      const [a, b] = z > 0 ? [side, side + 1] : [side + 1, side];
      triangles.triangle([0, 0, z], rim(a, z), rim(b, z), palette.tyre);
      triangles.triangle([0, 0, z * 1.02], rim(a, z * 1.02, 0.5), rim(b, z * 1.02, 0.5), palette.car);
    }
  }
  return triangles.geometry();
}
