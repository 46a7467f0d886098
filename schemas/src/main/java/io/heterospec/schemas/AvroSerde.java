package io.heterospec.schemas;

import java.util.HashMap;
import java.util.Map;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.AbstractConfig;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigDef.Importance;
import org.apache.kafka.common.config.ConfigDef.Type;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serializer;

/**
 * Generated Avro records in Confluent's wire format, for topics that others read or write. Takes
 * the keys of {@link RegistryConfig}, and two of its own that name the classes at work: {@value
 * #SERIALIZER} and {@value #DESERIALIZER}. With {@code
 * io.confluent.kafka.serializers.KafkaAvroSerializer} and {@code …KafkaAvroDeserializer} there,
 * Confluent's classes do the work; they get {@code specific.avro.reader=true}.
 *
 * <p>State stores and their changelogs are better served by {@link AvroBinarySerde}, which needs no
 * registry.
 *
 * @param <T> the records it reads and writes
 */
public final class AvroSerde<T extends SpecificRecord> implements Serde<T> {

  /** Name of the serializer class; {@link AvroSerializer} by default. */
  public static final String SERIALIZER = "heterospec.avro.serializer";

  /** Name of the deserializer class; {@link AvroDeserializer} by default. */
  public static final String DESERIALIZER = "heterospec.avro.deserializer";

  private static final ConfigDef DEFINITION =
      new ConfigDef()
          .define(
              SERIALIZER,
              Type.CLASS,
              AvroSerializer.class,
              Importance.LOW,
              "Class that writes Avro records.")
          .define(
              DESERIALIZER,
              Type.CLASS,
              AvroDeserializer.class,
              Importance.LOW,
              "Class that reads Avro records.");

  private final Class<T> type;
  private Serializer<Object> serializer;
  private Deserializer<Object> deserializer;

  /**
   * A serde that still needs {@link #configure}.
   *
   * @param type the only type it lets through
   */
  public AvroSerde(Class<T> type) {
    this.type = type;
  }

  /** A serde for values of the given type, ready for use. */
  public static <T extends SpecificRecord> AvroSerde<T> ofValues(
      Class<T> type, Map<String, ?> configs) {
    AvroSerde<T> serde = new AvroSerde<>(type);
    serde.configure(configs, false);
    return serde;
  }

  /** The two keys of this class with their defaults and documentation. */
  public static ConfigDef definition() {
    return new ConfigDef(DEFINITION);
  }

  @Override
  @SuppressWarnings("unchecked") // what they write and read is checked against the type below
  public void configure(Map<String, ?> configs, boolean isKey) {
    Map<String, Object> settings = new HashMap<>(configs);
    settings.put("specific.avro.reader", "true");
    AbstractConfig classes = new AbstractConfig(DEFINITION, settings, false);
    serializer = classes.getConfiguredInstance(SERIALIZER, Serializer.class);
    serializer.configure(settings, isKey);
    deserializer = classes.getConfiguredInstance(DESERIALIZER, Deserializer.class);
    deserializer.configure(settings, isKey);
  }

  @Override
  public Serializer<T> serializer() {
    return (topic, record) -> configured(serializer).serialize(topic, record);
  }

  @Override
  public Deserializer<T> deserializer() {
    return (topic, data) -> checked(topic, read(topic, data));
  }

  @Override
  public void close() {
    if (serializer != null) {
      serializer.close();
      deserializer.close();
    }
  }

  // The failures of other classes than ours are told apart as ours are.
  private Object read(String topic, byte[] data) {
    try {
      return configured(deserializer).deserialize(topic, data);
    } catch (RegistryUnavailableException | InterruptException e) {
      throw e;
    } catch (KafkaException e) {
      if (ConfluentFailures.isOfTheRegistry(e)) {
        throw new RegistryUnavailableException(
            "No schema registry gave a usable answer for a record of topic %s (%s); check %s and %s"
                .formatted(topic, e.getMessage(), RegistryConfig.URL, RegistryConfig.USER_INFO),
            e);
      }
      throw e;
    }
  }

  private T checked(String topic, Object record) {
    if (record != null && !type.isInstance(record)) {
      throw new SerializationException(
          "A record of topic %s is a %s; only %s belongs there"
              .formatted(topic, record.getClass().getSimpleName(), type.getSimpleName()));
    }
    return type.cast(record);
  }

  private <D> D configured(D delegate) {
    if (delegate == null) {
      throw new IllegalStateException(
          "configure() was not called on the serde of " + type.getSimpleName());
    }
    return delegate;
  }
}
