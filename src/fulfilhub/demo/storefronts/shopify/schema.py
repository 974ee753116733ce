"""The part of Shopify's Admin GraphQL schema that the shop understands, in our own words: names, types,
nothing else."""

from __future__ import annotations

SDL = """
directive @idempotent(key: String!) on FIELD

scalar DateTime
scalar Decimal
scalar URL

type PageInfo { hasNextPage: Boolean! endCursor: String }
type MoneyV2 { amount: Decimal! currencyCode: String! }
type MoneyBag { shopMoney: MoneyV2! presentmentMoney: MoneyV2! }
type UserError { field: [String!] message: String! }

type MailingAddress {
  name: String company: String address1: String address2: String city: String zip: String
  province: String provinceCode: String countryCodeV2: String phone: String
}
type ShippingLine { title: String! code: String }
type ShippingLineConnection { nodes: [ShippingLine!]! pageInfo: PageInfo! }
interface Node { id: ID! }
type ProductVariant implements Node { id: ID! inventoryItem: InventoryItem! }
type DiscountAllocation { allocatedAmountSet: MoneyBag! }
type TaxLine { priceSet: MoneyBag! }
type LineItem {
  id: ID! sku: String name: String! quantity: Int! currentQuantity: Int! fulfillableQuantity: Int!
  requiresShipping: Boolean! isGiftCard: Boolean! variant: ProductVariant originalUnitPriceSet: MoneyBag!
  discountAllocations: [DiscountAllocation!]! taxLines: [TaxLine!]!
}
type LineItemConnection { nodes: [LineItem!]! pageInfo: PageInfo! }

type FulfillmentTrackingInfo { company: String number: String url: URL }
type FulfillmentLineItem { quantity: Int lineItem: LineItem! }
type FulfillmentLineItemConnection { nodes: [FulfillmentLineItem!]! pageInfo: PageInfo! }
type FulfillmentEvent { id: ID! status: String! happenedAt: DateTime! }
type FulfillmentEventConnection { nodes: [FulfillmentEvent!]! pageInfo: PageInfo! }
type Fulfillment implements Node {
  id: ID! status: String! createdAt: DateTime! trackingInfo(first: Int): [FulfillmentTrackingInfo!]!
  fulfillmentLineItems(first: Int, after: String): FulfillmentLineItemConnection!
  events(first: Int, after: String): FulfillmentEventConnection!
}
type Location { id: ID! }
type FulfillmentOrderAssignedLocation { location: Location }
type FulfillmentOrderSupportedAction { action: String! }
type FulfillmentOrderLineItem { id: ID! remainingQuantity: Int! lineItem: LineItem! }
type FulfillmentOrderLineItemConnection { nodes: [FulfillmentOrderLineItem!]! pageInfo: PageInfo! }
type FulfillmentOrder {
  id: ID! supportedActions: [FulfillmentOrderSupportedAction!]!
  assignedLocation: FulfillmentOrderAssignedLocation!
  lineItems(first: Int, after: String): FulfillmentOrderLineItemConnection!
}
type FulfillmentOrderConnection { nodes: [FulfillmentOrder!]! pageInfo: PageInfo! }

type Customer { id: ID! }
type Order {
  id: ID! name: String! confirmationNumber: String customer: Customer test: Boolean! email: String note: String
  tags: [String!]! sourceName: String customerLocale: String
  currencyCode: String! presentmentCurrencyCode: String! taxesIncluded: Boolean!
  createdAt: DateTime! updatedAt: DateTime! cancelledAt: DateTime
  displayFinancialStatus: String displayFulfillmentStatus: String!
  currentTotalPriceSet: MoneyBag! shippingAddress: MailingAddress
  shippingLines(first: Int, after: String): ShippingLineConnection!
  lineItems(first: Int, after: String): LineItemConnection!
  fulfillments(first: Int): [Fulfillment!]!
  fulfillmentOrders(first: Int, after: String): FulfillmentOrderConnection!
}
type OrderConnection { nodes: [Order!]! pageInfo: PageInfo! }
enum OrderSortKeys { UPDATED_AT }

type InventoryQuantity { quantity: Int! }
type InventoryLevel { quantities(names: [String!]!): [InventoryQuantity!]! }
type InventoryItem { id: ID! tracked: Boolean! inventoryLevel(locationId: ID!): InventoryLevel }

type Count { count: Int! }
type AccessScope { handle: String! }
type AppInstallation { accessScopes: [AccessScope!]! }

type Query {
  currentAppInstallation: AppInstallation
  order(id: ID!): Order
  ordersCount(query: String, limit: Int = 10000): Count
  orders(first: Int, after: String, query: String, sortKey: OrderSortKeys): OrderConnection!
  fulfillment(id: ID!): Fulfillment
  fulfillmentOrder(id: ID!): FulfillmentOrder
  nodes(ids: [ID!]!): [Node]!
}

input FulfillmentOrderLineItemInput { id: ID! quantity: Int! }
input FulfillmentOrderLineItemsInput {
  fulfillmentOrderId: ID! fulfillmentOrderLineItems: [FulfillmentOrderLineItemInput!]
}
input FulfillmentTrackingInput { company: String number: String numbers: [String!] url: URL urls: [URL!] }
input FulfillmentInput {
  lineItemsByFulfillmentOrder: [FulfillmentOrderLineItemsInput!]!
  notifyCustomer: Boolean = false
  trackingInfo: FulfillmentTrackingInput
}
input FulfillmentEventInput { fulfillmentId: ID! status: String! happenedAt: DateTime }
input InventoryQuantityInput { inventoryItemId: ID! locationId: ID! quantity: Int! changeFromQuantity: Int }
input InventorySetQuantitiesInput {
  name: String! reason: String! referenceDocumentUri: String quantities: [InventoryQuantityInput!]!
}
type FulfillmentPayload { fulfillment: Fulfillment userErrors: [UserError!]! }
type FulfillmentEventCreatePayload { fulfillmentEvent: FulfillmentEvent userErrors: [UserError!]! }
type InventoryAdjustmentGroup { id: ID! }
type InventorySetQuantitiesUserError { code: String field: [String!] message: String! }
type InventorySetQuantitiesPayload {
  inventoryAdjustmentGroup: InventoryAdjustmentGroup
  userErrors: [InventorySetQuantitiesUserError!]!
}

type Mutation {
  fulfillmentEventCreate(fulfillmentEvent: FulfillmentEventInput!): FulfillmentEventCreatePayload
  fulfillmentCreate(fulfillment: FulfillmentInput!, message: String): FulfillmentPayload
  fulfillmentTrackingInfoUpdate(
    fulfillmentId: ID!, trackingInfoInput: FulfillmentTrackingInput!, notifyCustomer: Boolean
  ): FulfillmentPayload
  inventorySetQuantities(input: InventorySetQuantitiesInput!): InventorySetQuantitiesPayload
}
"""
