/** The part of npm `picomatch` 4 that is used here; the package brings no types. */
declare module 'picomatch' {
  interface Options {
    /** Whether `*` also stands for names that begin with a dot. */
    dot?: boolean
    /** Whether `!` at the start is an ordinary character. */
    nonegate?: boolean
    noextglob?: boolean
    nocase?: boolean
  }

  function picomatch(glob: string, options?: Options): (text: string) => boolean

  namespace picomatch {
    /** `base`: the folders before the first special character; `glob`: what comes behind. */
    function scan(glob: string, options?: Options): { base: string; glob: string; isGlob: boolean }
  }

  export default picomatch
}
