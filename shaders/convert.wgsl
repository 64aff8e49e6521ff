// out = x, rows from one precision to another. half.wgsl stands in front.
// `scaled`: times the loss's scale.
// CPU twin: src/reference/convert.ts
//
// size, width           of all rows, and of one, in vec4f
// xStart, xStride       the first vec4f of x, and from one row to the next; likewise of out
// threads, across       the workgroup, and the threads in x

alias OfX = vec4f;
alias OfOut = vec4f;
var<storage, read> x: array<OfX>; // [rows, width]
var<storage, read_write> out: array<OfOut>; // [rows, width]
#if scaled
var<storage, read> scaling: array<f32>; // [2]: the scale
#endif

@compute @workgroup_size(threads)
fn convert(@builtin(global_invocation_id) id: vec3u) {
  let i = id.x + across * id.y;
  if (i >= size) { return; }
  let row = i / width;
  let column = i % width;
  let value = vec4f(x[xStart + row * xStride + column]);
#if scaled
  out[outStart + row * outStride + column] = OfOut(storable(value * scaling[0]));
#else
  out[outStart + row * outStride + column] = OfOut(storable(value));
#endif
}
