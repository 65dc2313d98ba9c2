-- What a backup takes along that is not the lake's: MongoDB's documents, encrypted. Empty but while a backup is made.
CREATE TABLE IF NOT EXISTS backed_up_documents (
  collection String COMMENT 'collection of MongoDB',
  document String COMMENT 'the document as BSON, encrypted with the key of sealed secrets'
)
ENGINE = MergeTree
ORDER BY collection
