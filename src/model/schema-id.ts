/** The name and major version that every report carries as `schema`. */
export const REPORT_SCHEMA_ID = 'rstscope.report/1'
