// Some rows of a matrix, in any order, and their gradient added where they come from. A row is taken once at most, so no two
// threads add to one number.
// CPU twin: src/reference/row-gather.ts
//
// size, width       vec4f of the rows that are taken, and of one of them
// first             the row of x that is called row 0
// threads, across   the workgroup, and the threads in x

var<storage, read> rows: array<i32>; // [size / width]; −1 takes none

#if forward
var<storage, read> x: array<vec4f>;
var<storage, read_write> out: array<vec4f>; // [size]; zero where none is taken

@compute @workgroup_size(threads)
fn gather(@builtin(global_invocation_id) id: vec3u) {
  let i = id.x + across * id.y;
  if (i >= size) { return; }
  let row = rows[i / width];
  let at = (first + u32(max(row, 0))) * width + i % width;
  out[i] = select(vec4f(), x[at], row >= 0);
}
#endif

#if gradient
var<storage, read> dOut: array<vec4f>; // [size]
var<storage, read_write> dx: array<vec4f>;

@compute @workgroup_size(threads)
fn addBack(@builtin(global_invocation_id) id: vec3u) {
  let i = id.x + across * id.y;
  if (i >= size) { return; }
  let row = rows[i / width];
  if (row >= 0) { dx[(first + u32(row)) * width + i % width] += dOut[i]; }
}
#endif
