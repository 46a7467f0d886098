package io.heterospec.schemas;

import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.SerializationException;

/**
 * What Confluent's deserializer means by its exceptions. They are of few types, whether the record
 * is damaged or the registry cannot be had: the cause tells. Known by name, since the project
 * builds without Confluent's classes.
 */
final class ConfluentFailures {

  private static final String REFUSAL =
      "io.confluent.kafka.schemaregistry.client.rest.exceptions.RestClientException";
  private static final String UNKNOWN_SCHEMA = "error code: 40403";
  private static final String NO_JSON = "JsonProcessingException";

  private ConfluentFailures() {}

  /** Whether a failure to read a record only says that the registry gave no usable answer. */
  static boolean isOfTheRegistry(KafkaException failure) {
    if (!(failure instanceof SerializationException)) {
      return true; // a timeout, or a setting that the registry does not like
    }
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause.getClass().getName().equals(REFUSAL)) {
        return !String.valueOf(cause.getMessage()).endsWith(UNKNOWN_SCHEMA);
      }
      if (isOfTheNetwork(cause) || isNoJson(cause)) {
        return true;
      }
    }
    return false;
  }

  private static boolean isOfTheNetwork(Throwable cause) {
    String where = cause.getClass().getPackageName();
    return where.startsWith("java.net") || where.startsWith("javax.net");
  }

  // A page of something else's; Jackson may be there under another package.
  private static boolean isNoJson(Throwable cause) {
    for (Class<?> type = cause.getClass(); type != null; type = type.getSuperclass()) {
      if (type.getSimpleName().equals(NO_JSON)) {
        return true;
      }
    }
    return false;
  }
}
