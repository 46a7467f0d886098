package io.heterospec.schemas;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.net.ServerSocket;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.SerializationException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SchemaRegistryClientTest {

  private static final Schema SCHEMA = CancelEvent.getClassSchema();

  private FakeRegistry registry;

  @BeforeEach
  void startRegistry() throws Exception {
    registry = new FakeRegistry();
  }

  @AfterEach
  void stopRegistry() {
    registry.close();
  }

  @ParameterizedTest
  @ValueSource(ints = {500, 503, 429, 408})
  void shouldRetryWhatMayPass(int status) {
    registry.failNext(2, status);

    assertThat(client().id("s", SCHEMA)).isEqualTo(1);
    assertThat(registry.requests).hasSize(3);
  }

  @Test
  void shouldGiveUpAfterTheConfiguredRetries() {
    registry.failNext(100, 503);

    assertThatThrownBy(() -> client().id("s", SCHEMA))
        .isInstanceOf(RegistryUnavailableException.class)
        .hasMessageContaining(registry.url())
        .hasMessageContaining("subject s")
        .hasMessageContaining("503");
    assertThat(registry.requests).hasSize(4);
  }

  @Test
  void shouldRecoverWhenTheRegistryIsBack() {
    SchemaRegistryClient client = client();
    registry.failNext(4, 503);

    assertThatThrownBy(() -> client.id("s", SCHEMA))
        .isInstanceOf(RegistryUnavailableException.class);
    assertThat(client.id("s", SCHEMA)).isEqualTo(1);
  }

  @Test
  void shouldReportThatNothingListens() throws Exception {
    Map<String, Object> config = registry.config();
    config.put(RegistryConfig.URL, unusedUrl());

    assertThatThrownBy(() -> client(config).schema(7))
        .isInstanceOf(RegistryUnavailableException.class)
        .hasMessageContaining("schema id 7")
        .hasMessageContaining("check schema.registry.url")
        .hasCauseInstanceOf(IOException.class);
  }

  @Test
  void shouldTryTheNextAddress() throws Exception {
    Map<String, Object> config = registry.config();
    config.put(RegistryConfig.URL, unusedUrl() + "," + registry.url() + "/");
    config.put(RegistryConfig.MAX_RETRIES, 0);

    assertThat(client(config).id("s", SCHEMA)).isEqualTo(1);
  }

  @Test
  void shouldNotRetryAnUnknownId() {
    RegistryException refused =
        catchThrowableOfType(RegistryException.class, () -> client().schema(99));

    assertThat(refused).hasMessageContaining("schema id 99").hasMessageContaining(registry.url());
    assertThat(refused.status()).isEqualTo(404);
    assertThat(refused.errorCode()).isEqualTo(40403);
    assertThat(refused.isUnknownSchema()).isTrue();
    assertThat(registry.requests).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(ints = {401, 403})
  void shouldPointToTheCredentialsWhenRefused(int status) {
    registry.failNext(100, status);

    assertThatThrownBy(() -> client().schema(1))
        .isInstanceOf(RegistryUnavailableException.class)
        .hasMessageContaining(RegistryConfig.USER_INFO);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "302 | ",
        "400 | {\"error_code\": 400, \"message\": \"bad request\"}",
        "401 | {\"error_code\": 40101, \"message\": \"who are you\"}",
        "403 | {\"error_code\": 40301, \"message\": \"not you\"}",
        "404 | <html>no such page</html>",
        "404 | {\"error_code\": 404, \"message\": \"HTTP 404 Not Found\"}",
        "200 | <html>sign in</html>",
        "200 | {}",
        "200 | []",
        "200 | \"ok\""
      })
  void shouldTakeNothingButTheRegistrysOwnWordAsFinal(int status, String answer) {
    registry.answerAlways(status, answer == null ? "" : answer);

    assertThatThrownBy(() -> client().schema(5))
        .isInstanceOf(RegistryUnavailableException.class)
        .hasMessageContaining("schema id 5")
        .hasMessageContaining(RegistryConfig.URL);
    assertThatThrownBy(() -> client().id("s", SCHEMA))
        .isInstanceOf(RegistryUnavailableException.class)
        .hasMessageContaining("subject s");
  }

  @Test
  void shouldReadWhatItCouldNotWhileItWasRefused() {
    int id = registry.add("s", SCHEMA.toString());
    SchemaRegistryClient client = client();
    registry.failNext(4, 401);

    assertThatThrownBy(() -> client.schema(id)).isInstanceOf(RegistryUnavailableException.class);
    assertThat(client.schema(id)).isEqualTo(SCHEMA);
  }

  @Test
  void shouldReportAnIncompatibleSchemaAsFinal() {
    registry.failNext(1, 409);

    assertThatThrownBy(() -> client().id("s", SCHEMA)).isInstanceOf(RegistryException.class);
    assertThat(registry.requests).hasSize(1);
  }

  @Test
  void shouldSendUserAndPassword() {
    Map<String, Object> config = registry.config();
    config.put(RegistryConfig.CREDENTIALS_SOURCE, "USER_INFO");
    config.put(RegistryConfig.USER_INFO, "alice:s3cret");
    client(config).id("s", SCHEMA);

    assertThat(registry.authorizations).containsExactly("Basic YWxpY2U6czNjcmV0");
  }

  @Test
  void shouldTakeUserAndPasswordFromTheAddressAndNeverShowThem() {
    Map<String, Object> config = registry.config();
    config.put(RegistryConfig.URL, registry.url().replace("//", "//alice:s3cret@"));

    assertThatThrownBy(() -> client(config).schema(99))
        .isInstanceOf(RegistryException.class)
        .hasMessageNotContaining("s3cret");
    assertThat(registry.authorizations).containsExactly("Basic YWxpY2U6czNjcmV0");
  }

  @Test
  void shouldOnlyLookUpWhenNotAllowedToRegister() {
    Map<String, Object> config = registry.config();
    config.put(RegistryConfig.AUTO_REGISTER, false);

    assertThatThrownBy(() -> client(config).id("s", SCHEMA))
        .isInstanceOf(RegistryException.class)
        .hasMessageContaining("subject s");
    int id = registry.add("s", SCHEMA.toString());
    assertThat(client(config).id("s", SCHEMA)).isEqualTo(id);
    assertThat(registry.requests).containsOnly("POST /subjects/s");
  }

  @Test
  void shouldUseTheLatestVersionOnlyWhenItIsTheSameSchema() {
    Map<String, Object> config = registry.config();
    config.put(RegistryConfig.AUTO_REGISTER, false);
    config.put(RegistryConfig.USE_LATEST, true);
    String undocumented = SCHEMA.toString().replace("Asks for a request to be stopped.", "");

    int id = registry.add("s", undocumented);
    assertThat(client(config).id("s", SCHEMA)).isEqualTo(id);
    registry.add("s", OldSchemas.cancelWithoutReason().toString());
    assertThatThrownBy(() -> client(config).id("s", SCHEMA))
        .isInstanceOf(SerializationException.class)
        .hasMessageContaining("latest version of subject s");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"schema\": \"{\"}",
        "{\"schema\": \"{}\", \"schemaType\": \"PROTOBUF\"}",
        "{\"schema\": \"\\\"string\\\"\", \"references\": [{\"name\": \"a\"}]}"
      })
  void shouldRefuseSchemasThatCannotBeUsed(String answer) {
    registry.answerAlways(answer);

    assertThatThrownBy(() -> client().schema(5))
        .isExactlyInstanceOf(SerializationException.class)
        .hasMessageContaining("schema id 5");
  }

  @Test
  void shouldStopWaitingWhenInterrupted() {
    Thread.currentThread().interrupt();

    assertThatThrownBy(() -> client().schema(1)).isInstanceOf(InterruptException.class);
    assertThat(Thread.interrupted()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "localhost:8081", "ftp://h:1", "http://", "http://a b"})
  void shouldRefuseUnusableAddresses(String url) {
    assertThatThrownBy(() -> new RegistryConfig(Map.of(RegistryConfig.URL, url)))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(RegistryConfig.URL);
  }

  @Test
  void shouldRefuseCredentialsWithoutAColonAndOtherSubjectStrategies() {
    Map<String, Object> config = registry.config();
    config.put(RegistryConfig.CREDENTIALS_SOURCE, "USER_INFO");
    assertThatThrownBy(() -> new RegistryConfig(config))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("USER:PASSWORD");

    Map<String, Object> strategy = registry.config();
    strategy.put(RegistryConfig.VALUE_SUBJECT_STRATEGY, "RecordNameStrategy");
    assertThatThrownBy(() -> new RegistryConfig(strategy))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(RegistryConfig.VALUE_SUBJECT_STRATEGY);
  }

  @Test
  void shouldDoubleTheWaitUpToItsLimit() {
    RegistryConfig config =
        new RegistryConfig(
            Map.of(
                RegistryConfig.URL,
                registry.url(),
                RegistryConfig.RETRY_WAIT_MS,
                100,
                RegistryConfig.RETRY_MAX_WAIT_MS,
                350));

    assertThat(config.retryWait(0)).hasMillis(100);
    assertThat(config.retryWait(1)).hasMillis(200);
    assertThat(config.retryWait(2)).hasMillis(350);
    assertThat(config.retryWait(10_000)).hasMillis(350);
  }

  private SchemaRegistryClient client() {
    return client(registry.config());
  }

  private static SchemaRegistryClient client(Map<String, Object> config) {
    return new SchemaRegistryClient(new RegistryConfig(config));
  }

  private static String unusedUrl() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return "http://127.0.0.1:" + socket.getLocalPort();
    }
  }
}
