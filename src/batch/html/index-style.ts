/** Beside the style sheet of all pages: on a narrow screen the tables of names are scrolled, not squeezed. */
export const INDEX_STYLE = `
@media screen{.scroll table{min-width:760px}}
`

/** For the page's Content-Security-Policy; a test holds it against the text above. */
export const INDEX_STYLE_HASH = 'sha256-9t9lIxlm96YA9H/9WgGIQw6AGy0+SxQboKW26DAlPrA='
