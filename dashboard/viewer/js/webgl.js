// Draws the film on the graphics card: 16-bit levels as one texture, their greys as another. All
// viewers share one context, because a page may have few.

import { SQUARES, toFloor } from "./levels.js";

const VERTEX = `#version 300 es
void main() {
  vec2 corner = vec2(gl_VertexID == 1 ? 3.0 : -1.0, gl_VertexID == 2 ? 3.0 : -1.0);
  gl_Position = vec4(corner, 0.0, 1.0);
}`;
const FRAGMENT = `#version 300 es
precision highp float;
precision highp int;
precision highp usampler2D;
uniform usampler2D film;
uniform sampler2D greys;
uniform vec4 slopes;
uniform vec2 start;
uniform float tall;
uniform bool squares;
out vec4 colour;
float level(ivec2 at, ivec2 last) {
  return float(texelFetch(film, clamp(at, ivec2(0), last), 0).r);
}
void main() {
  vec2 device = vec2(gl_FragCoord.x, tall - gl_FragCoord.y);
  vec2 at = vec2(dot(slopes.xz, device), dot(slopes.yw, device)) + start;
  ivec2 size = textureSize(film, 0);
  colour = vec4(0.0, 0.0, 0.0, 1.0);
  if (at.x < 0.0 || at.y < 0.0 || at.x >= float(size.x) || at.y >= float(size.y)) return;
  ivec2 last = size - 1;
  float found;
  if (squares) found = level(ivec2(at), last);
  else {
    vec2 near = floor(at - 0.5);
    vec2 far = at - 0.5 - near;
    ivec2 first = ivec2(near);
    found = mix(
      mix(level(first, last), level(first + ivec2(1, 0), last), far.x),
      mix(level(first + ivec2(0, 1), last), level(first + ivec2(1, 1), last), far.x), far.y);
  }
  int index = int(found + 0.5);
  colour.rgb = texelFetch(greys, ivec2(index & 255, index >> 8), 0).rrr;
}`;
const SOFTWARE = /swiftshader|llvmpipe|softpipe|basic render/i; // slower than ours

let shared; // undefined: not tried; null: there is none

function open() {
  const canvas = document.createElement("canvas");
  const gl = canvas.getContext("webgl2", { alpha: false, antialias: false, depth: false });
  if (!gl) return null;
  const about = gl.getExtension("WEBGL_debug_renderer_info");
  const renderer = gl.getParameter(about ? about.UNMASKED_RENDERER_WEBGL : gl.RENDERER);
  const wanted = globalThis.mmbmRenderer; // "webgl" or "software", for tests
  if (wanted === "software" || (SOFTWARE.test(renderer) && wanted !== "webgl")) return null;
  const program = gl.createProgram();
  for (const [type, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
    const shader = gl.createShader(type);
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) return null;
  gl.useProgram(program);
  const at = (name) => gl.getUniformLocation(program, name);
  const places = Object.fromEntries(
    ["film", "greys", "slopes", "start", "tall", "squares"].map((name) => [name, at(name)]),
  );
  gl.uniform1i(places.film, 0);
  gl.uniform1i(places.greys, 1);
  gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
  canvas.addEventListener("webglcontextlost", () => { shared = null; });
  return { canvas, gl, places, most: gl.getParameter(gl.MAX_TEXTURE_SIZE) };
}

function texture(gl, unit) {
  const made = gl.createTexture();
  gl.activeTexture(unit);
  gl.bindTexture(gl.TEXTURE_2D, made);
  for (const name of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER])
    gl.texParameteri(gl.TEXTURE_2D, name, gl.NEAREST);
  for (const name of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T])
    gl.texParameteri(gl.TEXTURE_2D, name, gl.CLAMP_TO_EDGE);
  return made;
}

export class WebGL {
  /** One for this film, or null where there is no card or the film is larger than its textures. */
  static of(pyramid) {
    shared = shared === undefined ? open() : shared;
    const [{ width, height }] = pyramid.floors;
    return shared && Math.max(width, height) <= shared.most ? new WebGL(pyramid) : null;
  }

  constructor(pyramid) {
    this.pyramid = pyramid;
    this.drawn = shared;
    this.textures = new Map(); // by floor
  }

  get lost() {
    return this.drawn !== shared;
  }

  paint(context, { matrix, zoom, ratio, width, height, greys }) {
    const { canvas, gl, places } = this.drawn;
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
    }
    gl.viewport(0, 0, width, height);
    const floor = this.pyramid.at(zoom * ratio);
    const [a, b, c, d, e, f] = toFloor(matrix, ratio, floor);
    this.bindFilm(gl, floor);
    this.bindGreys(gl, greys);
    gl.uniform4f(places.slopes, a, b, c, d);
    gl.uniform2f(places.start, e, f);
    gl.uniform1f(places.tall, height);
    gl.uniform1i(places.squares, zoom >= SQUARES ? 1 : 0);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.drawImage(canvas, 0, 0);
  }

  bindFilm(gl, floor) {
    gl.activeTexture(gl.TEXTURE0);
    if (this.textures.has(floor)) {
      gl.bindTexture(gl.TEXTURE_2D, this.textures.get(floor));
      return;
    }
    this.textures.set(floor, texture(gl, gl.TEXTURE0));
    const { width, height, levels } = floor;
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.R16UI, width, height, 0, gl.RED_INTEGER,
      gl.UNSIGNED_SHORT, levels);
  }

  bindGreys(gl, greys) {
    this.greys ??= texture(gl, gl.TEXTURE1);
    gl.activeTexture(gl.TEXTURE1);
    gl.bindTexture(gl.TEXTURE_2D, this.greys);
    if (greys === this.sent) return;
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.R8, 256, 256, 0, gl.RED, gl.UNSIGNED_BYTE,
      new Uint8Array(greys.buffer));
    this.sent = greys;
  }

  close() {
    if (this.lost) return;
    const { gl } = this.drawn;
    for (const made of [...this.textures.values(), this.greys]) gl.deleteTexture(made);
  }
}
