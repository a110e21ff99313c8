/** Begin of the element of a page that holds its report as JSON; `rstscope render` looks for it. */
export const REPORT_OPEN = '<script type="application/json" id="report">'
