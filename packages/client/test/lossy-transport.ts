import { CallFailure, type QuotaTransport } from "../src/transport.ts";

/**
 * Sends every request and throws some answers away, as a connection does that breaks at the wrong moment.
 *
 * @param loses tells by the number of the attempt, from 1, whether its answer is lost
 */
export function lossy(transport: QuotaTransport, loses: (attempt: number) => boolean): QuotaTransport {
  let attempts = 0;
  return {
    unary: async (method, request, options) => {
      attempts += 1;
      const lost = loses(attempts);
      const answer = await transport.unary(method, request, options);
      if (lost) throw new CallFailure("UNAVAILABLE", "the connection broke before the answer", []);
      return answer;
    },
    close: () => transport.close(),
  };
}
