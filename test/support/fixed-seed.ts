import fc from 'fast-check'

// The same cases in every run: what a change breaks is its own doing. RSTSCOPE_SEED=random looks for new ones.
const wanted = process.env.RSTSCOPE_SEED ?? '20261121'
if (wanted !== 'random') fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(wanted) })
