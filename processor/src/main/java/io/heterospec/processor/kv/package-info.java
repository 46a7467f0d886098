/** Key-value caches of sessions beyond the device: pages, how they are checked, where they lie. */
package io.heterospec.processor.kv;
