package example;

import com.google.rpc.ErrorInfo;
import com.google.rpc.QuotaFailure;

/** A hard limit refused the use. */
final class RefusedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient ErrorInfo info;
  private final transient QuotaFailure failure;
  private final long retryAfterMs;

  RefusedException(ErrorInfo info, QuotaFailure failure, long retryAfterMs) {
    super(info.getReason());
    this.info = info;
    this.failure = failure;
    this.retryAfterMs = retryAfterMs;
  }

  ErrorInfo info() {
    return info;
  }

  QuotaFailure failure() {
    return failure;
  }

  /** 0 when no later period would admit the amount. */
  long retryAfterMs() {
    return retryAfterMs;
  }
}
