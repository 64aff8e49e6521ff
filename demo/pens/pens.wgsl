// Draws what pens left on paper: a segment from each place in a ring of slots to the one before, fading with its age.

struct Ink {
  colour: vec4f,
  pens: u32,
  slots: u32,
  newest: u32, // slot
  width: f32, // of a segment; the paper reaches from −1 to 1
  fade: f32, // of the colour, from the newest slot to the oldest
}

@group(0) @binding(0) var<uniform> ink: Ink;
@group(0) @binding(1) var<storage, read> places: array<vec2f>; // [slots, pens]

struct Corner {
  @builtin(position) position: vec4f,
  @location(0) colour: vec4f,
}

// Segment `segment` is pen segment mod pens, segment / pens slots ago; its two triangles have six corners.
@vertex
fn corner(@builtin(vertex_index) index: u32, @builtin(instance_index) segment: u32) -> Corner {
  let pen = segment % ink.pens;
  let age = segment / ink.pens;
  let now = places[(ink.newest + ink.slots - age) % ink.slots * ink.pens + pen];
  let before = places[(ink.newest + 2u * ink.slots - age - 1u) % ink.slots * ink.pens + pen];
  let span = now - before;
  let along = select(vec2f(1.0, 0.0), span / max(length(span), 1e-6), length(span) > 1e-6);
  let across = vec2f(-along.y, along.x);
  let right = index == 1u || index == 2u || index == 4u;
  let up = index == 2u || index == 4u || index == 5u;
  let end = select(before - along * 0.5 * ink.width, now + along * 0.5 * ink.width, right);
  let at = end + across * ink.width * select(-0.5, 0.5, up);
  let alpha = ink.colour.a * (1.0 - ink.fade * f32(age) / f32(ink.slots));
  return Corner(vec4f(at, 0.0, 1.0), vec4f(ink.colour.rgb * alpha, alpha));
}

@fragment
fn paint(@location(0) colour: vec4f) -> @location(0) vec4f { return colour; }
