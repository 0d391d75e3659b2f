package example;

import com.google.gson.Gson;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.stub.MetadataUtils;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import quota.v1.QuotaServiceGrpc;
import quota.v1.QuotaServiceGrpc.QuotaServiceBlockingStub;
import quota.v1.QuotaServiceOuterClass.CheckQuotaRequest;
import quota.v1.QuotaServiceOuterClass.GetStatusRequest;
import quota.v1.QuotaServiceOuterClass.ListEventsRequest;
import quota.v1.QuotaServiceOuterClass.RecordUsageRequest;
import quota.v1.Usage.EventOrder;

/**
 * Records usage until the quota service refuses it, and then looks at what happened.
 *
 * <ul>
 *   <li>{@code QUOTA_ADDRESS}: host:port of the gRPC door, 127.0.0.1:50051 by default
 *   <li>{@code QUOTA_TENANT_ID}: whose usage, the demo tenant by default
 *   <li>{@code QUOTA_API_KEY}: the credential; leave it out where the service has AUTH=none
 * </ul>
 */
public final class Main {
  private static final String METRIC = "tracked_products";
  private static final long AMOUNT = 15;

  /** What one call may take, its retries included. */
  private static final long CALL_TIMEOUT_SECONDS = 5;

  private final QuotaServiceBlockingStub client;
  private final String tenant;

  private Main(QuotaServiceBlockingStub client, String tenant) {
    this.client = client;
    this.tenant = tenant;
  }

  public static void main(String[] arguments) throws Exception {
    // TlsChannelCredentials.create() where the service is not on this machine.
    ManagedChannel channel =
        Grpc.newChannelBuilder(setting("QUOTA_ADDRESS", "127.0.0.1:50051"), InsecureChannelCredentials.create())
            .defaultServiceConfig(serviceConfig())
            .enableRetry()
            .build();
    try {
      QuotaServiceBlockingStub client =
          QuotaServiceGrpc.newBlockingStub(channel)
              .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(credential(System.getenv("QUOTA_API_KEY"))));
      Main main = new Main(client, setting("QUOTA_TENANT_ID", "11111111-1111-4111-8111-111111111111"));
      main.recordUntilRefused();
      main.check(5);
      main.check(6);
      main.showStatus();
      main.listEvents();
    } finally {
      channel.shutdownNow().awaitTermination(CALL_TIMEOUT_SECONDS, TimeUnit.SECONDS);
    }
  }

  private void recordUntilRefused() throws InterruptedException {
    // A real program takes the key from what it records: an order, a row of a file.
    UUID run = UUID.randomUUID();
    try {
      for (int use = 1; ; use++) {
        var recorded =
            Recorder.record(
                client,
                RecordUsageRequest.newBuilder()
                    .setTenantId(tenant)
                    .setMetricCode(METRIC)
                    .setAmount(AMOUNT)
                    .setIdempotencyKey(run + "-" + use)
                    .build(),
                TimeUnit.SECONDS.toMillis(CALL_TIMEOUT_SECONDS));
        var status = recorded.getStatus();
        System.out.printf(
            "recorded %d: %d of %d used%n", recorded.getEvent().getAmount(), status.getCurrent(), status.getLimit());
      }
    } catch (RefusedException refusal) {
      Map<String, String> numbers = refusal.info().getMetadataMap();
      System.out.printf(
          "refused: %s, %s used and %s asked for with a limit of %s (%s, %s), %s left%n",
          refusal.info().getReason(),
          numbers.get("current"),
          numbers.get("requested"),
          numbers.get("limit"),
          numbers.get("enforcement"),
          numbers.get("limit_source"),
          numbers.get("remaining"));
      for (var violation : refusal.failure().getViolationsList()) {
        System.out.printf("violation: %s: %s%n", violation.getSubject(), violation.getDescription());
      }
      System.out.printf("the next period may admit it: %b%n", refusal.retryAfterMs() > 0);
    }
  }

  private void check(long amount) {
    var request =
        CheckQuotaRequest.newBuilder().setTenantId(tenant).setMetricCode(METRIC).setAmount(amount).build();
    var answer = withDeadline().checkQuota(request);
    System.out.printf(
        "check %d: %s, %d would remain%n",
        amount, answer.getAllowed() ? "allowed" : "refused", answer.getRemaining());
  }

  private void showStatus() {
    var answer = withDeadline().getStatus(GetStatusRequest.newBuilder().setTenantId(tenant).build());
    for (var status : answer.getMetricsList()) {
      System.out.printf(
          "status %s: %d of %s%n",
          status.getMetricCode(), status.getCurrent(), status.hasLimit() ? status.getLimit() : "no limit");
    }
  }

  private void listEvents() {
    var request =
        ListEventsRequest.newBuilder()
            .setTenantId(tenant)
            .setOrder(EventOrder.EVENT_ORDER_OLDEST_FIRST)
            .setPageSize(2);
    int number = 0;
    do {
      number++;
      var page = withDeadline().listEvents(request.build());
      for (var event : page.getEventsList()) {
        System.out.printf(
            "page %d: event %d used %d, %d in all%n",
            number, event.getSequence(), event.getAmount(), event.getUsageAfter());
      }
      request.setPageToken(page.getNextPageToken());
    } while (!request.getPageToken().isEmpty());
  }

  private QuotaServiceBlockingStub withDeadline() {
    return client.withDeadlineAfter(CALL_TIMEOUT_SECONDS, TimeUnit.SECONDS);
  }

  private static Metadata credential(String apiKey) {
    Metadata headers = new Metadata();
    if (apiKey != null && !apiKey.isEmpty()) {
      headers.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer " + apiKey);
    }
    return headers;
  }

  /** Retries of the reads; the file stands beside the contract. */
  private static Map<String, ?> serviceConfig() throws IOException {
    var file = Objects.requireNonNull(Main.class.getResourceAsStream("/service_config.json"));
    try (Reader reader = new InputStreamReader(file, StandardCharsets.UTF_8)) {
      // The form that gRPC wants: maps, lists, text, and every number a Double.
      @SuppressWarnings("unchecked")
      Map<String, ?> config = new Gson().fromJson(reader, Map.class);
      return config;
    }
  }

  private static String setting(String name, String fallback) {
    String value = System.getenv(name);
    return value == null || value.isEmpty() ? fallback : value;
  }
}
