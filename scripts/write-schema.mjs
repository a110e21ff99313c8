// Writes schema/report-1.schema.json from the built definition; run it with `npm run schema`.
import { writeFileSync } from 'node:fs'
import { reportJsonSchema } from '../dist/src/model/report-schema.js'

const target = new URL('../schema/report-1.schema.json', import.meta.url)
writeFileSync(target, `${JSON.stringify(reportJsonSchema(), null, 2)}\n`)
