package example;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.rpc.ErrorInfo;
import com.google.rpc.QuotaFailure;
import com.google.rpc.RetryInfo;
import com.google.rpc.Status;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import quota.v1.QuotaServiceGrpc.QuotaServiceBlockingStub;
import quota.v1.QuotaServiceOuterClass.RecordUsageRequest;
import quota.v1.QuotaServiceOuterClass.RecordUsageResponse;

/** Records one use, once. */
final class Recorder {
  private static final long ATTEMPT_TIMEOUT_MS = 2_000;
  private static final long BACKOFF_INITIAL_MS = 100;
  private static final long BACKOFF_MAX_MS = 2_000;

  private Recorder() {}

  /**
   * Records the use, and repeats the request as it is while nobody knows what became of it. It carries an idempotency key,
   * so it counts once however often it arrives; the service config leaves records alone, because it cannot see the key.
   */
  static RecordUsageResponse record(QuotaServiceBlockingStub client, RecordUsageRequest request, long timeoutMs)
      throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timeoutMs);
    for (long backoffMs = BACKOFF_INITIAL_MS; ; backoffMs = Math.min(2 * backoffMs, BACKOFF_MAX_MS)) {
      long attemptMs = Math.min(ATTEMPT_TIMEOUT_MS, millisecondsUntil(deadline));
      try {
        return client.withDeadlineAfter(attemptMs, TimeUnit.MILLISECONDS).recordUsage(request);
      } catch (StatusRuntimeException failed) {
        long retryAfterMs = retryAfterMs(failed);
        Optional<ErrorInfo> info = detail(failed, ErrorInfo.class);
        // By the ErrorInfo, because a code alone may be a proxy's.
        if (info.isPresent() && isRefusal(info.get())) {
          QuotaFailure failure = detail(failed, QuotaFailure.class).orElse(QuotaFailure.getDefaultInstance());
          throw new RefusedException(info.get(), failure, retryAfterMs);
        }
        Code code = failed.getStatus().getCode();
        boolean repeatable = code == Code.UNAVAILABLE || code == Code.DEADLINE_EXCEEDED;
        long waitMs = retryAfterMs + ThreadLocalRandom.current().nextLong(backoffMs);
        if (!repeatable || waitMs > millisecondsUntil(deadline)) {
          throw failed;
        }
        Thread.sleep(waitMs);
      }
    }
  }

  private static boolean isRefusal(ErrorInfo info) {
    return info.getDomain().equals("quota.v1") && info.getReason().equals("QUOTA_EXCEEDED");
  }

  /** What the service asks to wait; 0 where it asks for nothing. */
  private static long retryAfterMs(StatusRuntimeException failed) {
    return detail(failed, RetryInfo.class)
        .map(RetryInfo::getRetryDelay)
        // An overloaded service asks for half a second.
        .map(delay -> TimeUnit.SECONDS.toMillis(delay.getSeconds()) + TimeUnit.NANOSECONDS.toMillis(delay.getNanos()))
        .orElse(0L);
  }

  /** The error's detail of a type. */
  private static <T extends Message> Optional<T> detail(StatusRuntimeException failed, Class<T> type) {
    Status status = StatusProto.fromThrowable(failed);
    if (status == null) {
      return Optional.empty();
    }
    try {
      for (var packed : status.getDetailsList()) {
        if (packed.is(type)) {
          return Optional.of(packed.unpack(type));
        }
      }
    } catch (InvalidProtocolBufferException unreadable) {
      throw failed;
    }
    return Optional.empty();
  }

  private static long millisecondsUntil(long deadline) {
    return TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
  }
}
