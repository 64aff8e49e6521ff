// Values of parameters.

/** Values by parameter name, row-major. */
export type ParameterValues = Map<string, { shape: number[]; data: Float32Array }>;
