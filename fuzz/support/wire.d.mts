export interface WireAnswer {
  status: number;
  headers: [name: string, value: string][];
  text: string;
}

export declare function exchange(
  port: number,
  bytes: Buffer,
  patience?: number,
): Promise<{ bytes: Buffer; closed: boolean; wasReset: boolean }>;
export declare function parseAnswers(bytes: Buffer, methods: readonly string[]): WireAnswer[];
export declare function headerOf(answer: WireAnswer, name: string): string | undefined;
