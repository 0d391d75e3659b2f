import { type CallOptions, type ClientUnaryCall, Metadata, type ServiceError } from "@grpc/grpc-js";

/** What one call may take, its retries included. */
export const callTimeoutMs = 5_000;

/** What a method of a generated client takes behind its request. */
type Rest<Response> = [
  metadata: Metadata,
  options: Partial<CallOptions>,
  callback: (error: ServiceError | null, response: Response) => void,
];

/** Makes a call with the credential and a deadline; rejects with grpc-js' ServiceError. */
export type Call = <Response>(
  start: (...rest: Rest<Response>) => ClientUnaryCall,
  timeoutMs?: number,
) => Promise<Response>;

export function callsWith(apiKey: string | undefined): Call {
  return (start, timeoutMs = callTimeoutMs) => {
    const metadata = new Metadata();
    if (apiKey) metadata.set("authorization", `Bearer ${apiKey}`);
    return new Promise((resolve, reject) => {
      start(metadata, { deadline: Date.now() + timeoutMs }, (error, response) => {
        if (error) reject(error);
        else resolve(response);
      });
    });
  };
}
