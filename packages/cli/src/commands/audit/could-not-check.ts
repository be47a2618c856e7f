/** Of a check, 1 says that there are deviations: whatever kept it from being made is 2. */
export const couldNotCheck = 2
