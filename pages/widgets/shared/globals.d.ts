/** What Plotly's script and ours leave on the window. */
interface Window {
  Plotly?: any
  atelierPlotly?: Promise<any>
}
