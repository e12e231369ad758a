/**
 * A policy's network: an optional picture encoder, a multilayer perceptron and one of the heads.
 *
 * Twin of `policies/network.py`. All layers write into buffers made once, so that a tick allocates nothing.
 */
import { parseActions, type ActionSpace } from "./actions";
import { readTensors, type Tensors } from "./safetensors";
import type { CameraSpec, LidarSpec, SectorSpec, StereoSpec } from "./sensors";

export interface EncoderSpec {
  height: number;
  width: number;
  patches: number[];
  channels: number[];
  features: number;
  /** from one patch of a layer to the next; absent where they lie side by side */
  strides?: number[] | null;
  /** values of a pixel, 1 if absent */
  depth?: number;
  /** of the layers, relu if absent, and of the dense one, tanh if absent */
  activation?: "relu" | "tanh";
  code?: "relu" | "tanh";
}

export interface NetworkSpec {
  vector: number;
  hidden: number[];
  activation: "relu" | "tanh";
  head: "bins" | "choice" | "box" | "tanh";
  bins: number[];
  actions: number;
  encoder: EncoderSpec | null;
}

export type SensorSpec =
  | ({ kind: "lidar" } & LidarSpec)
  | ({ kind: "sector-lidar" } & SectorSpec)
  | ({ kind: "camera" } & CameraSpec)
  | ({ kind: "stereo" } & StereoSpec)
  | { kind: "grid" | "features" };

type Activation = "relu" | "tanh" | "none";

/** out (rows, outputs) = activation(input (rows, inputs) @ weights + bias). */
class Dense {
  readonly out: Float32Array;
  readonly #sums: Float64Array;

  constructor(
    readonly weights: Float32Array,
    readonly bias: Float32Array,
    readonly inputs: number,
    readonly activation: Activation,
    readonly rows = 1,
  ) {
    this.out = new Float32Array(rows * bias.length);
    this.#sums = new Float64Array(bias.length);
  }

  run(input: Float32Array): Float32Array {
    const { weights, bias, inputs, activation, out } = this;
    const sums = this.#sums;
    const outputs = bias.length;
    for (let row = 0; row < this.rows; row++) {
      for (let o = 0; o < outputs; o++) sums[o] = bias[o]!;
      for (let i = 0; i < inputs; i++) {
        const value = input[row * inputs + i]!;
        if (value === 0) continue; // half of what a ReLU layer hands on
        const at = i * outputs;
        for (let o = 0; o < outputs; o++) sums[o]! += value * weights[at + o]!;
      }
      for (let o = 0; o < outputs; o++) {
        const sum = sums[o]!;
        out[row * outputs + o] = activation === "none" ? sum : activation === "tanh" ? Math.tanh(sum) : sum > 0 ? sum : 0;
      }
    }
    return out;
  }
}

/** (height, width, depth) to rows of patches, row-major inside a patch, every `stride`; a rest is cut off. */
class Patches {
  readonly rows: number;
  readonly columns: number;
  readonly out: Float32Array;
  readonly #from: Int32Array;

  constructor(height: number, width: number, depth: number, patch: number, stride: number) {
    this.rows = Math.floor((height - patch) / stride) + 1;
    this.columns = Math.floor((width - patch) / stride) + 1;
    const from: number[] = [];
    for (let row = 0; row < this.rows; row++)
      for (let column = 0; column < this.columns; column++)
        for (let y = row * stride; y < row * stride + patch; y++)
          for (let x = column * stride; x < column * stride + patch; x++)
            for (let d = 0; d < depth; d++) from.push((y * width + x) * depth + d);
    this.#from = Int32Array.from(from);
    this.out = new Float32Array(from.length);
  }

  run(input: Float32Array): Float32Array {
    for (let i = 0; i < this.out.length; i++) this.out[i] = input[this.#from[i]!]!;
    return this.out;
  }
}

function dense(tensors: Tensors, name: string, activation: Activation, rows = 1): Dense {
  const weights = tensors.arrays.get(`${name}.w`);
  const bias = tensors.arrays.get(`${name}.b`);
  if (!weights || !bias || weights.shape[1] !== bias.data.length) {
    throw new RangeError(`Layer ${name} of the policy does not fit its description; reload the page.`);
  }
  return new Dense(weights.data, bias.data, weights.shape[0] ?? 0, activation, rows);
}

export class Policy {
  readonly environment: string;
  readonly sensor: SensorSpec;
  readonly network: NetworkSpec;
  /** what the network chooses from, where that is not the environment's own */
  readonly actionSpace: ActionSpace | null;
  /** last head outputs: logits of all bins, or the action */
  outputs: Float32Array = new Float32Array(0);
  readonly #action: Float32Array;
  readonly #features: Float32Array;
  readonly #image: Float32Array;
  readonly #stages: { patches: Patches; layer: Dense }[] = [];
  readonly #code: Dense | null = null;
  readonly #hidden: Dense[];
  readonly #head: Dense;

  /** Throws RangeError when the file describes no network that this page can run. */
  constructor(bytes: ArrayBuffer) {
    const tensors = readTensors(bytes);
    const described = tensors.metadata.policy;
    if (!described) throw new RangeError("The policy's file does not describe its network.");
    const plain = JSON.parse(described) as Pick<Policy, "environment" | "sensor" | "network"> & { action_space?: unknown };
    const { environment, sensor, network } = plain;
    this.environment = environment;
    this.sensor = sensor;
    this.network = network;
    this.actionSpace = plain.action_space === undefined ? null : parseActions(plain.action_space);
    this.#action = new Float32Array(network.actions);
    const { encoder } = network;
    if (encoder) {
      const { activation = "relu", code = "tanh", strides } = encoder;
      let [height, width, depth] = [encoder.height, encoder.width, encoder.depth ?? 1];
      encoder.patches.forEach((patch, stage) => {
        const patches = new Patches(height, width, depth, patch, strides?.[stage] ?? patch);
        [height, width, depth] = [patches.rows, patches.columns, encoder.channels[stage]!];
        this.#stages.push({ patches, layer: dense(tensors, `encoder.${stage}`, activation, height * width) });
      });
      this.#code = dense(tensors, `encoder.${encoder.patches.length}`, code);
    }
    this.#image = new Float32Array(encoder ? encoder.height * encoder.width * (encoder.depth ?? 1) : 0);
    this.#features = new Float32Array(network.vector + (encoder?.features ?? 0));
    this.#hidden = network.hidden.map((_, index) => dense(tensors, `hidden.${index}`, network.activation));
    this.#head = dense(tensors, "head", "none");
  }

  /** Greedy action of `network.actions` axes in [-1, 1]; the returned buffer is reused by the next call. */
  act(vector: Float32Array, image: Uint8Array | null): Float32Array {
    let layer = this.#encode(vector, image);
    for (const hidden of this.#hidden) layer = hidden.run(layer);
    this.outputs = this.#head.run(layer);
    this.#decide();
    return this.#action;
  }

  #encode(vector: Float32Array, image: Uint8Array | null): Float32Array {
    const code = this.#code;
    if (!code || !image) return vector;
    for (let i = 0; i < this.#image.length; i++) this.#image[i] = image[i]! * (1 / 255) - 0.5;
    let layer = this.#image;
    for (const { patches, layer: stage } of this.#stages) layer = stage.run(patches.run(layer));
    this.#features.set(code.run(layer));
    this.#features.set(vector, code.out.length);
    return this.#features;
  }

  /** Per axis, with bins the softmax-weighted mean of the best bin and its two neighbours, with a choice the best. */
  #decide(): void {
    const { head, bins, actions } = this.network;
    const reach = head === "choice" ? 0 : 1;
    if (head === "box") {
      for (let axis = 0; axis < actions; axis++) this.#action[axis] = Math.min(Math.max(this.outputs[axis]!, -1), 1);
      return;
    }
    if (head === "tanh") {
      for (let axis = 0; axis < actions; axis++) this.#action[axis] = Math.tanh(this.outputs[axis]!);
      return;
    }
    let offset = 0;
    for (let axis = 0; axis < actions; axis++) {
      const count = bins[axis]!;
      let best = 0;
      for (let bin = 1; bin < count; bin++) if (this.outputs[offset + bin]! > this.outputs[offset + best]!) best = bin;
      let sum = 0;
      let weights = 0;
      for (let bin = Math.max(best - reach, 0); bin <= Math.min(best + reach, count - 1); bin++) {
        const weight = Math.exp(this.outputs[offset + bin]! - this.outputs[offset + best]!);
        sum += weight * ((2 * bin) / (count - 1) - 1);
        weights += weight;
      }
      this.#action[axis] = sum / weights;
      offset += count;
    }
  }
}
