/** What Plotly's script and ours leave on the window. */
interface Window {
  Plotly?: any
  atelierPlotly?: Promise<any>
}

/** The colours of palette.json on a page of one kind; `register` puts them before every script. */
interface Palette {
  paper: string
  text: string
  muted: string
  grid: string
  good: string
  bad: string
  classes: string[]
  runs: string[]
}
declare const PALETTE: { light: Palette; dark: Palette }
