"""Every GraphQL document we send to Shopify. A test checks each against the published schemas of both API
versions.

`ORDER` is aliased to the names of the webhook payload, so that one normaliser reads both.
"""

from __future__ import annotations

_LINES_OF_A_FULFILMENT = """
      pageInfo { hasNextPage endCursor }
      nodes { quantity line_item: lineItem { admin_graphql_api_id: id } }
"""

ORDER = (
    """
query FulfilHubOrder($id: ID!, $after: String) {
  order(id: $id) {
    admin_graphql_api_id: id
    name
    test
    email
    note
    tags
    source_name: sourceName
    customer_locale: customerLocale
    currency: currencyCode
    presentment_currency: presentmentCurrencyCode
    taxes_included: taxesIncluded
    created_at: createdAt
    updated_at: updatedAt
    cancelled_at: cancelledAt
    financial_status: displayFinancialStatus
    fulfillment_status: displayFulfillmentStatus
    current_total_price_set: currentTotalPriceSet { ...Money }
    shipping_address: shippingAddress {
      name company address1 address2 city zip phone province
      province_code: provinceCode
      country_code: countryCodeV2
    }
    shipping_lines: shippingLines(first: 10) { nodes { title code } }
    line_items: lineItems(first: 100, after: $after) {
      pageInfo { hasNextPage endCursor }
      nodes {
        admin_graphql_api_id: id
        sku
        name
        quantity
        current_quantity: currentQuantity
        fulfillable_quantity: fulfillableQuantity
        requires_shipping: requiresShipping
        gift_card: isGiftCard
        variant { admin_graphql_api_id: id }
        price_set: originalUnitPriceSet { ...Money }
        discount_allocations: discountAllocations { amount_set: allocatedAmountSet { ...Money } }
        tax_lines: taxLines { price_set: priceSet { ...Money } }
      }
    }
    fulfillments(first: 50) {
      admin_graphql_api_id: id
      status
      line_items: fulfillmentLineItems(first: 50) {"""
    + _LINES_OF_A_FULFILMENT
    + """      }
    }
  }
}
fragment Money on MoneyBag { shop_money: shopMoney { amount currency_code: currencyCode } }
"""
)

FULFILMENT_LINES = (
    """
query FulfilHubFulfilmentLines($id: ID!, $after: String) {
  fulfillment(id: $id) {
    line_items: fulfillmentLineItems(first: 250, after: $after) {"""
    + _LINES_OF_A_FULFILMENT
    + """    }
  }
}
"""
)

CHANGED_ORDERS = """
query FulfilHubChangedOrders($query: String!, $after: String, $survey: Boolean!) {
  orders(first: 100, after: $after, query: $query, sortKey: UPDATED_AT) {
    pageInfo { hasNextPage endCursor }
    nodes { id updatedAt }
  }
  ordersCount(query: $query, limit: null) @include(if: $survey) { count }
  currentAppInstallation @include(if: $survey) { accessScopes { handle } }
}
"""

ORDERS_NAMED = """
query FulfilHubOrdersNamed($query: String!) {
  orders(first: 20, query: $query) {
    nodes { id name }
  }
}
"""

_LINES_OF_A_FULFILMENT_ORDER = """
        pageInfo { hasNextPage endCursor }
        nodes { id remainingQuantity lineItem { id } }
"""

SHIPPING_STATE = (
    """
query FulfilHubShippingState($id: ID!, $after: String) {
  order(id: $id) {
    fulfillments(first: 50) {
      admin_graphql_api_id: id
      status
      createdAt
      trackingInfo { number }
      line_items: fulfillmentLineItems(first: 50) {"""
    + _LINES_OF_A_FULFILMENT
    + """      }
    }
    fulfillmentOrders(first: 20, after: $after) {
      pageInfo { hasNextPage endCursor }
      nodes {
        id
        supportedActions { action }
        assignedLocation { location { id } }
        lineItems(first: 50) {"""
    + _LINES_OF_A_FULFILMENT_ORDER
    + """        }
      }
    }
  }
}
"""
)

FULFILMENT_ORDER_LINES = (
    """
query FulfilHubFulfilmentOrderLines($id: ID!, $after: String) {
  fulfillmentOrder(id: $id) {
    lineItems(first: 250, after: $after) {"""
    + _LINES_OF_A_FULFILMENT_ORDER
    + """    }
  }
}
"""
)

CREATE_FULFILMENT = """
mutation FulfilHubCreateFulfilment($fulfillment: FulfillmentInput!, $message: String) {
  fulfillmentCreate(fulfillment: $fulfillment, message: $message) {
    fulfillment { id }
    userErrors { field message }
  }
}
"""

UPDATE_TRACKING = """
mutation FulfilHubUpdateTracking($id: ID!, $tracking: FulfillmentTrackingInput!, $notify: Boolean) {
  fulfillmentTrackingInfoUpdate(fulfillmentId: $id, trackingInfoInput: $tracking, notifyCustomer: $notify) {
    fulfillment { id }
    userErrors { field message }
  }
}
"""

STOCK = """
query FulfilHubStock($variants: [ID!]!, $location: ID!) {
  nodes(ids: $variants) {
    ... on ProductVariant {
      id
      inventoryItem {
        id
        tracked
        inventoryLevel(locationId: $location) { quantities(names: ["available"]) { quantity } }
      }
    }
  }
}
"""

SET_STOCK = """
mutation FulfilHubSetStock($input: InventorySetQuantitiesInput!, $key: String!) {
  inventorySetQuantities(input: $input) @idempotent(key: $key) {
    inventoryAdjustmentGroup { id }
    userErrors { code field message }
  }
}
"""
