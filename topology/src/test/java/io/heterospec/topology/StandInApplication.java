package io.heterospec.topology;

import java.util.Map;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** A test in the application's place: writes what it would write. */
public final class StandInApplication implements AutoCloseable {
  private final Avro avro;
  private final KafkaProducer<String, byte[]> producer;

  public StandInApplication(HeteroSpecConfig config) {
    Map<String, Object> settings = config.clientSettings();
    avro = new Avro(settings);
    producer = new KafkaProducer<>(settings, new StringSerializer(), new ByteArraySerializer());
  }

  /** What reads and writes its records. */
  public Avro avro() {
    return avro;
  }

  public <T extends SpecificRecord> void write(String topic, Class<T> type, T value) {
    write(topic, avro.serializer(type).serialize(topic, value));
  }

  /** Writes a record of any bytes. */
  public void write(String topic, byte[] value) {
    producer.send(new ProducerRecord<>(topic, "key", value));
    producer.flush();
  }

  @Override
  public void close() {
    producer.close();
  }
}
